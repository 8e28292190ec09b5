"""A site's notification policy as the fields of a form, and back: a row for each kind of news."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic import Field as _Field

from api.board.forms.form_errors import InvalidForm
from api.shapes.notifying.notifications import NotificationPolicyIn
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import Policy
from workorder_core.sentences import say

OF_PEOPLE = tuple(each for each in Channel if each.is_of_a_person)
_MOST = 10
_NUMBERS = ("same_within_minutes", "seconds_apart", "one_by_one")


class _Written(BaseModel):
    """The fields of the form that are not of one kind of news, as typed."""

    model_config = ConfigDict(extra="ignore")

    site: str = _Field("", max_length=64)
    version: int | None = _Field(None, ge=0, le=2**31 - 1)
    quiet_begins: str = _Field("", max_length=10)
    quiet_ends: str = _Field("", max_length=10)
    zone: str = _Field("UTC", max_length=64)
    digest_at: str = _Field("07:00", max_length=10)
    same_within_minutes: str = _Field("0", max_length=10)
    seconds_apart: str = _Field("60", max_length=10)
    one_by_one: str = _Field("5", max_length=10)
    why: str = _Field("", max_length=2000)


_OF_NEWS: Mapping[str, Any] = {
    "to": (str, _Field("", max_length=2000)),
    "channels": (list[str], _Field(default_factory=list, max_length=_MOST)),
    "forbidden": (list[str], _Field(default_factory=list, max_length=_MOST)),
    "compulsory": (str, _Field("", max_length=10)),
    "digest": (str, _Field("at_once", max_length=20)),
}
_FIELDS: dict[str, Any] = {f"{name}_{choice}": kind for choice in Choice for name, kind in _OF_NEWS.items()}
WrittenNews: Any = create_model("WrittenNews", __base__=_Written, **_FIELDS)
"""The fields of the form; those of a kind of news end in its name."""


def numbers(policy: Policy) -> dict[str, int]:
    """Return a policy's numbers, by the names of their fields."""
    return {
        "same_within_minutes": round(policy.same_within.total_seconds() / 60),
        "seconds_apart": round(policy.apart.total_seconds()),
        "one_by_one": policy.one_by_one,
    }


def read(sent: Any) -> dict[str, Any]:
    """Return the document of the policy that a form describes. Raises InvalidForm with all errors."""
    typed = {name: str(getattr(sent, name)).strip() for name in _NUMBERS}
    whole = {name: int(each) for name, each in typed.items() if each.isdecimal()}
    wrong: dict[str, str] = {name: say("write a whole number") for name in typed if name not in whole}
    quiet = {"begins": sent.quiet_begins.strip(), "ends": sent.quiet_ends.strip()}
    document: dict[str, Any] = {
        "events": {each.value: rule for each in Choice if (rule := _rule(sent, each)) is not None},
        "quiet_hours": quiet if any(quiet.values()) else None,
        "zone": sent.zone.strip(),
        "digest_at": sent.digest_at.strip(),
        **whole,
    }
    try:
        found = NotificationPolicyIn.model_validate(document)
        if not wrong:
            return found.document()
    except ValidationError as error:
        wrong |= {_field(each["loc"]): _problem(each) for each in reversed(error.errors())}
    raise InvalidForm(fields=wrong)


def _rule(sent: Any, choice: Choice) -> dict[str, Any] | None:
    """Return what the form says of a kind of news; None: nothing that differs from no rule."""
    rule: dict[str, Any] = {name: getattr(sent, f"{name}_{choice}") for name in _OF_NEWS}
    rule["to"] = [each.strip() for each in re.split(r"[,\n]", rule["to"]) if each.strip()]
    rule["compulsory"] = bool(rule["compulsory"])
    if not rule["channels"]:
        # Who hears of it by no channel hears of it by e-mail, as in a document that names none.
        del rule["channels"]
    says = rule["to"] or rule["forbidden"] or rule["compulsory"] or rule["digest"] != "at_once"
    return rule if says else None


def _field(path: tuple[int | str, ...]) -> str:
    """Return the form's field of a path in a policy, such as ``events.alarm.to.0``."""
    if path[0] == "events" and len(path) > 2:
        return f"{path[2]}_{path[1]}"
    if path[0] == "quiet_hours":
        return f"quiet_{path[1]}" if len(path) > 1 else "quiet_begins"
    return str(path[0])


def _problem(error: Any) -> str:
    if error["type"] == "string_pattern_mismatch":
        return say(
            "{text} is nobody: write person:anna, role:planner, crew:PUMPS, rota:PUMPS, chief, everybody, concerned "
            "or requester",
            text=error["input"] or "''",
        )
    return str(error.get("ctx", {}).get("error", error["msg"]))
