"""Settings: from a TOML file and environment variables ``PLANTWRIGHT_…``, which win. An invalid one prevents the
start.
"""

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from api.addresses import Family, Proxies
from db.files.files import KINDS
from db.telemetry.catalogue import Admission
from ingest import toml_text
from ingest.broker import mqtt
from ingest.broker.broker import BrokerAddress
from ingest.formats.paths import Text
from ingest.toml_text import NotToml
from models.named import estimators
from runtime.notifying_settings import NotifyingSettings
from workorder_core.people.dispatching import Dispatched

FILE_VARIABLE = "PLANTWRIGHT_CONFIG"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class InvalidSettings(Exception):
    """One or more settings are invalid; says which, where it may be set and what to do."""


class Settings(NotifyingSettings):
    """Everything that can be set. Durations carry their unit in their name."""

    model_config = SettingsConfigDict(env_prefix="PLANTWRIGHT_", extra="forbid", frozen=True)

    database: str | None = Field(None, description="URL of a PostgreSQL or TimescaleDB database; none: an embedded one")
    broker: str | None = Field(None, description="URL of an MQTT broker, mqtt:// or mqtts://; none: an embedded one")
    broker_ca: Path | None = Field(
        None, description="PEM file of the authority that signed an mqtts:// broker's certificate; none: the system's"
    )
    broker_cert: Path | None = Field(None, description="PEM file of our certificate for an mqtts:// broker")
    broker_key: Path | None = Field(None, description="PEM file of its key; none: in the same file")
    broker_log: str | None = Field(
        None,
        description="URL, with account, by which mosquitto's log is read on $SYS/broker/log/#; none: it is not read",
    )
    data_dir: Path | None = Field(None, description="folder of the embedded parts; none: the user's data folder")

    broker_disk_least_mb: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="free megabytes on the embedded broker's disk below which devices are kept out",
    )

    topics: list[str] = Field(["plantwright/#"], min_length=1, description="topic filters to subscribe to")
    client_id: str = Field("plantwright-ingest", min_length=1, max_length=64, description="name of our broker session")
    admit_unknown: bool = Field(True, description="make assets and signals known on first sight, else refuse them")
    admit_assets_most: int = Field(100_000, ge=1, description="assets known, from which on no more are made known so")
    admit_signals_most: int = Field(5_000, ge=1, description="signals of an asset, from which on likewise")
    max_skew_s: float = Field(300, ge=0, le=86_400, description="how far ahead of our clock a device may be")
    oldest_days: int = Field(
        7300, ge=1, le=36_500, description="older event times are refused: a device clock that was never set"
    )

    mappings: list[str] = Field(
        [], description="mapping documents for other topics: TOML files, or ready made: umh, homie"
    )
    sparkplug_host: str | None = Field(
        None, pattern=r"^[^/+#]{1,64}$", description="our id as a Sparkplug host application; none: Sparkplug is off"
    )
    sparkplug_site: str = Field(
        "{group}", description="site of a Sparkplug metric: {group}, {node}, {device}, or a text"
    )
    sparkplug_asset: str = Field(
        "{device}", description="asset of a Sparkplug metric, likewise; a node is its own device"
    )
    sparkplug_rebirth_s: float = Field(
        5, gt=0, le=3600, description="seconds between two requests for a node's rebirth"
    )
    thingsboard_site: str | None = Field(
        None, pattern=CODE, description="site of what comes on ThingsBoard's topics; none: they are not listened to"
    )
    thingsboard_device: str | None = Field(
        None, pattern=CODE, description="asset of v1/devices/me/telemetry, a topic that names no device"
    )

    rulebook: Path | None = Field(None, description="TOML file of limits and operating states")
    models: Path | None = Field(None, description="TOML file of model documents; none: the default model for all")

    detectors: Path | None = Field(
        None, description="folder of Python modules whose classes model documents may name; they are run"
    )

    batch_most: int = Field(2000, ge=1, le=100_000, description="messages in a transaction, at most")
    batch_max_wait_s: float = Field(0.1, gt=0, le=10, description="how long a silent wire is listened to at once")
    lag_limit_s: float = Field(
        60, gt=0, description="what has arrived may wait so long to be judged; past it the engine raises its own alarm"
    )
    checkpoint_every_inputs: int = Field(250_000, ge=1, description="inputs between two checkpoints of the judge")
    checkpoint_every_s: float = Field(60, gt=0, description="seconds between two checkpoints of the judge")
    tick_every_s: float = Field(60, gt=0, description="seconds between two ticks in the sequence of inputs")

    assign_every_s: float = Field(2, gt=0, description="seconds between two looks for open orders to assign")
    dispatch: list[str] = Field(
        ["engine"],
        description="orders assigned without a planner: engine, person, schedule, or one with a type: person:emergency",
    )
    budgets_every_s: float = Field(600, gt=0, description="seconds between two looks at rules over their alarm budget")
    escalate_every_s: float = Field(
        30, gt=0, description="seconds between two looks at response and completion targets"
    )
    schedule_at: str | None = Field(
        None,
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="the site's time of day, as 02:00, at which this week and the next are planned; none: on request",
    )
    triage_at: str | None = Field(
        "03:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="the site's time of day at which triage is learned anew, where enough has come; none: on request",
    )
    retention_days: int | None = Field(
        None, ge=1, description="readings are dropped so long after they came; none: never"
    )
    quarantine_retention_days: int | None = Field(
        90, ge=1, description="what was refused is dropped so long after it last came; none: never"
    )
    quarantine_most_mb: int = Field(
        100, ge=1, le=100_000, description="megabytes of refused messages kept; what is beyond is only counted"
    )
    alarm_retention_days: int | None = Field(
        None, ge=30, description="alarms are dropped so long after they were over, with what people did; none: never"
    )

    file_kinds: list[Literal[KINDS]] = Field(  # type: ignore[valid-type]
        list(KINDS), description="kinds of files that people may attach, by what is in them, as media types"
    )
    file_most_mb: int = Field(10, ge=1, le=10, description="megabytes of one file that somebody attaches")
    event_retention_days: int = Field(
        90, ge=1, le=36_500, description="events are dropped so long after they were written and delivered"
    )
    attempt_retention_days: int = Field(
        90, ge=1, le=36_500, description="attempts to deliver are dropped so long after they were made"
    )
    runs_at_once: int = Field(1, ge=0, le=64, description="runs of a worker at one time; 0: none are executed here")
    run_memory_mb: int = Field(2048, ge=256, le=1_000_000, description="megabytes of memory that a run may write to")
    runs_kept_days: int = Field(90, ge=1, le=36_500, description="runs are dropped so long after they ended")

    language: Literal["en", "de"] = Field(
        "en", description="language of pages and mails for whom neither person nor browser say another: en, de"
    )
    host: str = Field("127.0.0.1", description="address that the API listens on")
    port: int = Field(8000, ge=0, le=65_535, description="port that the API listens on; 0: any free one")
    portal_port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="port on which the portal for requests is served alone; none: only beside the API",
    )
    names: list[str] = Field(
        [], description="names and addresses under which people call the API, beside loopback and this machine's own"
    )
    proxies: list[str] = Field(
        [],
        description="addresses and networks (10.1.0.0/16) of proxies before the API, whose forwarded headers are "
        "believed; none: nobody's",
    )
    proxy_headers: Family = Field(
        Family.X_FORWARDED,
        description="what they set: x-forwarded (X-Forwarded-For, -Proto and -Host) or forwarded (RFC 7239); the other "
        "is not read",
    )
    tls_cert: Path | None = Field(
        None,
        description="PEM file of the API's certificate, with those up to its authority; none: no TLS, or the proxy's",
    )
    tls_key: Path | None = Field(None, description="PEM file of its key; none: in the same file")
    statement_s: float = Field(20, gt=0, le=3600, description="seconds after which a query of the API is given up")
    api_keys: dict[str, str] = Field(
        {}, description="name of each key that may do everything, and the key; others: `plantwright keys`"
    )
    pages_as: str | None = Field(
        None,
        description="user as whom pages are signed in without a password, from this machine only; none: nobody. "
        "Several, with commas: the first, and the others can be tried by a menu",
    )
    session_idle_h: float = Field(12, gt=0, le=8760, description="hours after which an unused session has ended")
    session_h: float = Field(168, gt=0, le=8760, description="hours after which every session has ended")

    @property
    def admission(self) -> Admission:
        """Return which assets and signals their first message creates."""
        return Admission(self.admit_unknown, self.admit_assets_most, self.admit_signals_most)

    @field_validator("broker", "broker_log")
    @classmethod
    def _a_broker(cls, value: str | None) -> str | None:
        if value is not None:
            BrokerAddress.of(value)
        return value

    @field_validator("topics")
    @classmethod
    def _of_topics(cls, value: list[str]) -> list[str]:
        for each in value:
            if not mqtt.is_filter(each):
                problem = "a broker would close the connection"
                raise ValueError(
                    f"{each[:80]!r} is no topic filter, {problem}: + and # stand for whole levels, # is the last"
                )
        return value

    @field_validator("sparkplug_site", "sparkplug_asset")
    @classmethod
    def _of_sparkplug(cls, value: str) -> str:
        text = Text.of(value)
        if not value or text.stray_brace or text.levels - {"group", "node", "device"}:
            raise ValueError("write a text with {group}, {node} and {device} in it, like {node}.{device}")
        return value

    @field_validator("dispatch")
    @classmethod
    def _of_orders(cls, value: list[str]) -> list[str]:
        for each in value:
            Dispatched.of(each)
        return value

    @field_validator("database")
    @classmethod
    def _a_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("write postgresql://user:password@host:5432/name")
        return value

    @field_validator("proxies")
    @classmethod
    def _of_proxies(cls, value: list[str]) -> list[str]:
        Proxies(value)
        return value

    @field_validator("api_keys")
    @classmethod
    def _long_keys(cls, value: dict[str, str]) -> dict[str, str]:
        for name, key in value.items():
            if len(key) < 16:
                raise ValueError(f"the key {name!r} is shorter than 16 characters; make one with: openssl rand -hex 24")
        return value

    @model_validator(mode="after")
    def _open_only_at_home(self) -> Self:
        if self.host not in LOOPBACK and self.pages_as is not None:
            raise ValueError(f"host is {self.host}, which others can reach: leave pages_as out, people sign in there")
        return self

    @property
    def address(self) -> str:
        """Return the address of the pages for people on this machine: with TLS, under the first name, as in the
        certificate.
        """
        if self.tls_cert is None:
            return f"http://{self.host}:{self.port}/"
        return f"https://{self.names[0] if self.names else self.host}:{self.port}/"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get(FILE_VARIABLE)
        toml = (InitSettingsSource(settings_cls, toml_text.read(Path(file))),) if file else ()
        return (init_settings, env_settings, *toml)


def load(**given: Any) -> Settings:
    """Read the settings; ``given`` ones (from the command line) win over all others. Raises InvalidSettings.

    The modules in the folder ``detectors`` may be named in model documents from here on.
    """
    file = os.environ.get(FILE_VARIABLE)
    if file and not Path(file).is_file():
        raise InvalidSettings(f"{FILE_VARIABLE}: there is no file {file}")
    _refuse_unknown_variables()
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise InvalidSettings("\n".join(_sentence(each) for each in error.errors())) from None
    except NotToml as error:
        raise InvalidSettings(f"{file}: {error.problem}") from None
    except SettingsError as error:
        raise InvalidSettings(
            f"a variable of the environment that is a list, or a table, must be JSON: {error}"
        ) from None
    if settings.detectors is not None:
        try:
            estimators.allow_folder(settings.detectors)
        except estimators.NoSuchEstimator as error:
            raise InvalidSettings(f"detectors: {error}") from None
    return settings


def as_engine(settings: Settings, url: str, session: str | None) -> dict[str, Any]:
    """Return the changes that make settings the engine's at an embedded broker; a named session stays."""
    named = "client_id" in settings.model_fields_set or session is None
    return {"broker": url} if named else {"broker": url, "client_id": session}


def _refuse_unknown_variables() -> None:
    known = {f"PLANTWRIGHT_{name.upper()}" for name in Settings.model_fields}
    others = {FILE_VARIABLE, "PLANTWRIGHT_SAMPLES_PYTHON"}
    for name in os.environ:
        if name.startswith("PLANTWRIGHT_") and name not in known | others and not name.startswith("PLANTWRIGHT_TEST_"):
            raise InvalidSettings(f"{name}: there is no such setting; `plantwright settings` lists them")


def _sentence(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"]) or "settings"
    problem = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        problem = "there is no such setting; `plantwright settings` lists them"
    return f"{name} (environment PLANTWRIGHT_{name.split('.')[0].upper()}, or a key of the TOML file): {problem}"
