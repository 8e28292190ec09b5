"""What a rota can be, and its document."""

from datetime import date
from typing import Any

import pytest

from tests.workorder_core.oncall.test_duties import a_rota
from workorder_core.oncall.documents import from_document, to_document
from workorder_core.oncall.rotas import InvalidRota


def test_a_document_read_again_is_the_same_rota() -> None:
    rota = a_rota("Europe/Berlin")
    assert from_document(to_document(rota), code="R", site="NTH") == rota


LAYER: dict[str, Any] = {"name": "first", "people": ["anna"], "starts": "2026-03-02"}
WRONG = {
    "no title": ({"title": " ", "layers": [LAYER]}, "title"),
    "no such zone": ({"title": "R", "zone": "Mars/Olympus", "layers": [LAYER]}, "zone"),
    "no layers": ({"title": "R", "layers": []}, "layers"),
    "layers that are no list": ({"title": "R", "layers": 7}, "layers"),
    "a layer that is no object": ({"title": "R", "layers": [7]}, "layers.0"),
    "nobody in a layer": ({"title": "R", "layers": [LAYER | {"people": []}]}, "layers.0.people"),
    "a person who is no name": ({"title": "R", "layers": [LAYER | {"people": [7]}]}, "layers.0.people"),
    "a turn of no days": ({"title": "R", "layers": [LAYER | {"turn": 0}]}, "layers.0.turn"),
    "a turn that is no number": ({"title": "R", "layers": [LAYER | {"turn": "1"}]}, "layers.0.turn"),
    "a turn longer than a year": ({"title": "R", "layers": [LAYER | {"turn": 60}]}, "layers.0.turn"),
    "an unknown unit": ({"title": "R", "layers": [LAYER | {"unit": "months"}]}, "layers.0.unit"),
    "a unit that is a list": ({"title": "R", "layers": [LAYER | {"unit": []}]}, "layers.0.unit"),
    "no day": ({"title": "R", "layers": [LAYER | {"starts": "soon"}]}, "layers.0.starts"),
    "a far day": ({"title": "R", "layers": [LAYER | {"starts": "9999-12-31"}]}, "layers.0.starts"),
    "no time": ({"title": "R", "layers": [LAYER | {"hands_over": "8"}]}, "layers.0.hands_over"),
    "two layers of one name": ({"title": "R", "layers": [LAYER, LAYER]}, "layers.0.name"),
    "a weekday too many": (
        {"title": "R", "layers": [LAYER | {"hours": [{"weekdays": [8]}]}]},
        "layers.0.hours.0.weekdays",
    ),
    "a misspelt field": ({"title": "R", "layers": [LAYER | {"person": "anna"}]}, "layers.0.person"),
    "an unknown field": ({"title": "R", "layers": [LAYER], "people": []}, "document.people"),
}


@pytest.mark.parametrize(("document", "field"), WRONG.values(), ids=WRONG)
def test_a_document_that_is_no_rota_is_refused_with_the_field(document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRota) as refused:
        from_document(document, code="R", site="NTH")
    assert refused.value.field == field


def test_what_is_left_out_has_a_default() -> None:
    rota = from_document({"title": "R", "layers": [LAYER]}, code="R", site="NTH")
    assert rota.layers[0].starts == date(2026, 3, 2)
    assert rota.layers[0].turn_days == 7
    assert rota.zone == "UTC"
    assert rota.people == {"anna"}
