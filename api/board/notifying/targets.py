"""Whom a policy names, in people's words: "planners" instead of ``role:planner``."""

from collections.abc import Mapping

from api.board import words
from workorder_core.language import _
from workorder_core.sentences import say, translated

_ROLES: Mapping[str, str] = {
    "viewer": say("everybody who only reads"),
    "requester": say("those who request work"),
    "technician": say("technicians"),
    "storekeeper": say("storekeepers"),
    "planner": say("planners"),
    "reliability_engineer": say("reliability engineers"),
    "administrator": say("administrators"),
}
_ALONE: Mapping[str, str] = {
    "everybody": say("everybody"),
    "chief": say("the site's chief"),
    "concerned": say("whom it concerns"),
    "requester": say("who has requested the order"),
}


def whom(target: object, full_names: Mapping[str, str]) -> str:
    """Return whom a target of a policy means, in the reader's language."""
    text = str(target)
    kind, _colon, name = text.partition(":")
    if text in _ALONE:
        return translated(_ALONE[text])
    match kind:
        case "role":
            return translated(_ROLES[name]) if name in _ROLES else words.words(name)
        case "rota":
            rota, _slash, layer = name.partition("/")
            if layer:
                return _("on call: %(rota)s, %(layer)s", rota=rota, layer=layer)
            return _("on call: %(rota)s", rota=rota)
        case "crew":
            return _("crew %(crew)s", crew=name)
    return full_names.get(name) or name or text
