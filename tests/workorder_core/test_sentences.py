"""A sentence with facts is the English text everywhere, and keeps what another language needs."""

import copy
import json
import pickle

from pydantic import BaseModel

from workorder_core.sentences import Said, coded, joined, say


class Answer(BaseModel):
    detail: str


def test_a_sentence_is_its_english() -> None:
    said = say("{name!r} has {count:,} of {most:.1f}", name="a", count=1200, most=2)
    assert said == "'a' has 1,200 of 2.0"
    assert json.dumps({"said": said}) == """{"said": "'a' has 1,200 of 2.0"}"""
    assert Answer(detail=said).model_dump_json() == """{"detail":"'a' has 1,200 of 2.0"}"""


def test_an_error_passes_on_what_its_sentence_is_made_of() -> None:
    error = ValueError(say("no {what}", what=coded("on_hold")))
    said = str(error)
    assert isinstance(said, Said)
    assert (said.template, said.facts) == ("no {what}", {"what": "on_hold"})
    assert f"{error}" == "no on_hold"


def test_what_is_stored_or_copied_is_a_plain_text() -> None:
    said = joined([say("on shift"), say("has {n} orders", n=2)])
    for each in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said)):
        assert type(each) is str
        assert each == "on shift, has 2 orders"


def test_braces_of_a_sentence_without_facts_are_text() -> None:
    assert say("write {like this}") == "write {like this}"
