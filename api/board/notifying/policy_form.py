"""An escalation policy as the fields of a form, and back: two fields for each step, and two more for a new one."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model
from pydantic import Field as _Field

from api.board.forms.form_errors import Fields, InvalidForm
from workorder_core.escalating.documents import from_document, to_document
from workorder_core.escalating.policies import STEPS_MOST, InvalidPolicy, Policy
from workorder_core.sentences import say

LISTS = ("order_types", "priorities", "alarm_severities", "engine_alarms", "areas", "asset_classes")
"""The fields that are lists, written with commas."""
_NUMBERS = frozenset({"priorities", "alarm_severities"})


class _Written(BaseModel):
    """The fields of the form that are not of a step, as typed."""

    model_config = ConfigDict(extra="ignore")

    site: str = _Field("", max_length=64)
    code: str = _Field("", max_length=64)
    title: str = _Field("", max_length=200)
    order_types: str = _Field("", max_length=1000)
    priorities: str = _Field("", max_length=1000)
    alarm_severities: str = _Field("", max_length=1000)
    engine_alarms: str = _Field("", max_length=1000)
    areas: str = _Field("", max_length=1000)
    asset_classes: str = _Field("", max_length=1000)
    repeat: str = _Field("0", max_length=5)
    why: str = _Field("", max_length=2000)

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))


_OF_STEP: Mapping[str, tuple[str, int]] = {"whom": ("", 2000), "wait": ("5", 5)}
_FIELDS: dict[str, Any] = {
    f"{name}_{number}": (str, _Field(usual, max_length=most))
    for number in range(1, STEPS_MOST + 1)
    for name, (usual, most) in _OF_STEP.items()
}
WrittenPolicy: Any = create_model("WrittenPolicy", __base__=_Written, **_FIELDS)
"""The fields of the form; those of the first step end in ``_1``."""


def fields_of(policy: Policy) -> Any:
    """Return a policy as the fields of its form."""
    document = to_document(policy)
    fields = {name: ", ".join(map(str, document[name])) for name in LISTS}
    fields |= {"site": policy.site, "code": policy.code, "title": policy.title, "repeat": str(policy.repeat)}
    for number, step in enumerate(policy.steps, start=1):
        fields[f"whom_{number}"] = ", ".join(map(str, step.whom))
        fields[f"wait_{number}"] = str(step.wait_minutes)
    return WrittenPolicy(**fields)


def read(sent: Any, *, site: str, code: str) -> Policy:
    """Return the policy that a form describes; steps that ask nobody are left out.

    Raises InvalidForm with all errors.
    """
    numbers = [each for each in range(1, STEPS_MOST + 1) if each == 1 or sent[f"whom_{each}"].strip()]
    with Fields() as fields:
        fields.need("title", sent.title.strip(), say("say in a few words what is escalated"))
        fields.need("whom_1", sent.whom_1.strip(), say("name who is asked first"))
        lists: dict[str, Any] = {name: _texts(sent[name]) for name in LISTS}
        for name in _NUMBERS:
            lists[name] = fields(name, [], lambda name=name: [_whole(each) for each in lists[name]])  # type: ignore[misc]
        repeat = fields("repeat", 0, lambda: _whole(sent.repeat))
        steps = [
            {
                "whom": _texts(sent[f"whom_{number}"]),
                "wait_minutes": fields(f"wait_{number}", 5, lambda number=number: _whole(sent[f"wait_{number}"])),  # type: ignore[misc]
            }
            for number in numbers
        ]
    try:
        document = {"title": sent.title.strip(), "steps": steps, "repeat": repeat, **lists}
        return from_document(document, code=code, site=site)
    except InvalidPolicy as error:
        raise InvalidForm(fields={_field(error.field, numbers): error.problem}) from error


def _field(path: str, numbers: list[int]) -> str:
    """Return the form's field of a path in a policy, such as ``steps.0.whom``."""
    parts = path.split(".")
    if parts[0] != "steps":
        return parts[0]
    return "title" if len(parts) < 3 else f"{parts[2].removesuffix('_minutes')}_{numbers[int(parts[1])]}"


def _texts(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,\n]", text) if each.strip()]


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 4:
        raise InvalidForm(say("write a whole number"))
    return int(text)
