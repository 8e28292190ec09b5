"""Users and keys for administrators. No password hash and no key is ever returned later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.plant import Code
from db.people.api_keys import ApiKey
from db.people.users import Change, Standing, User
from workorder_core.people.access import Role, Who

UserName = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")
]
KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
Roles = Annotated[list[Role], Field(min_length=1, max_length=20)]
Sites = Annotated[list[Code] | None, Field(min_length=1, max_length=1000, description="codes; none: all")]


class TechnicianOf(BaseModel):
    """The technician that a user is, by site and code."""

    model_config = ConfigDict(extra="forbid")

    site: Code
    code: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]


class UserFacts(BaseModel):
    """The facts that an administrator sets on a user."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "full_name": "Deniz Yilmaz",
                    "roles": ["technician"],
                    "sites": ["NTH"],
                    "technician": {"site": "NTH", "code": "deniz"},
                }
            ]
        },
    )

    full_name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    roles: Roles
    sites: Sites = None
    technician: TechnicianOf | None = None
    disabled: bool = False
    sees_costs: bool = Field(False, description="may see labour rates and costs whatever the roles")

    def standing(self) -> Standing:
        return Standing(
            full_name=self.full_name,
            roles=frozenset(self.roles),
            sites=None if self.sites is None else frozenset(self.sites),
            technician=self.technician.code if self.technician else None,
            technician_site=self.technician.site if self.technician else None,
            disabled=self.disabled,
            sees_costs=self.sees_costs,
        )


class UserIn(UserFacts):
    """A new user; the answer contains the one-time password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "deniz", "full_name": "Deniz Yilmaz", "roles": ["viewer"], "sites": ["NTH"]}]
        }
    )

    name: UserName = Field(description="what is typed to sign in")


class UserOut(BaseModel):
    name: str
    full_name: str
    roles: list[Role]
    sites: list[str] | None
    technician: TechnicianOf | None
    disabled_at: datetime | None
    must_change_password: bool
    created_at: datetime
    signed_in_at: datetime | None
    sees_costs: bool

    @classmethod
    def of(cls, user: User) -> "UserOut":
        technician = None
        if user.technician is not None and user.technician_site is not None:
            technician = TechnicianOf(site=user.technician_site, code=user.technician)
        return cls(
            name=user.name,
            full_name=user.full_name,
            roles=in_order(user.roles),
            sites=None if user.sites is None else sorted(user.sites),
            technician=technician,
            disabled_at=user.disabled_at,
            must_change_password=user.must_change,
            created_at=user.created_at,
            signed_in_at=user.signed_in_at,
            sees_costs=user.sees_costs,
        )


class NewUserOut(BaseModel):
    user: UserOut
    one_time_password: str | None = Field(
        description="shown once, null when the request is sent again; it has to be changed at the first sign-in"
    )


class KeyIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "scada", "roles": ["viewer"], "sites": ["NTH"]}]}
    )

    name: KeyName = Field(description="the system's name, as history shows it; never used again for another key")
    roles: Roles
    sites: Sites = None


class KeyOut(BaseModel):
    name: str
    prefix: str = Field(description="how the key begins")
    roles: list[Role]
    sites: list[str] | None
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = Field(description="to the minute")
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyOut":
        return cls(
            name=key.name,
            prefix=key.prefix,
            roles=in_order(key.roles),
            sites=None if key.sites is None else sorted(key.sites),
            created_at=key.created_at,
            created_by=key.created_by,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class NewKeyOut(BaseModel):
    name: str
    key: str | None = Field(description="shown once, null when the request is sent again")


class ChangeOut(BaseModel):
    """A change to a user, a key or a device."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str
    what: str
    subject: str
    detail: Mapping[str, Any]

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        return cls.model_validate(change)


class MeOut(BaseModel):
    """The requester, as the API knows them."""

    actor: str
    roles: list[Role]
    sites: list[str] | None
    technician: TechnicianOf | None
    language: str | None = Field(description="of pages and mails, their own choice; null: as the browser asks")

    @classmethod
    def of(cls, who: Who) -> "MeOut":
        technician = None
        if who.technician is not None and who.technician_site is not None:
            technician = TechnicianOf(site=who.technician_site, code=who.technician)
        sites = None if who.sites is None else sorted(who.sites)
        return cls(
            actor=who.actor, roles=in_order(who.roles), sites=sites, technician=technician, language=who.language
        )


class MyChoices(BaseModel):
    """A user's own choices."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "de"}]})

    language: Literal["en", "de"] | None = Field(description="of pages and mails; null: as the browser asks")


def in_order(roles: frozenset[Role]) -> list[Role]:
    return [role for role in Role if role in roles]
