"""No document makes the program die or a reading cost seconds: what goes beyond a bound says file, rule, key, bound."""

import threading
from typing import Any

import pytest

from ingest.border import Bounds
from ingest.formats import mapping
from ingest.formats.mapped import parse as mapped
from ingest.messages import Message
from ingest.replay import InvalidMapping
from rules import rulebook
from rules.expression import InvalidExpression, compiled
from rules.rulebook import InvalidRulebook, parse

WHEN = {"id": "r", "asset_class": "pump", "component": "seal", "failure_mode": "ELP", "severity": "safety"}
TOO_MUCH = {
    "a sum of 20,000 terms": (" + ".join(["t"] * 20_000) + " > 1.0", "characters, and may have 4,000"),
    "a sum of 400 terms": ("+".join(["t"] * 400) + " > 1.0", "more than 600 names, numbers and operators"),
    "a chain of conditions": ("&&".join(["t>1.0"] * 500), "more than 600 names"),
    "signs": ("-" * 3_000 + "t > 1.0", "more than 600 names"),
    "brackets": ("(" * 20 + "t" + ")" * 20 + " > 1.0", "more than 16 deep"),
    "lists in lists": ("[" * 20 + "t" + "]" * 20 + " == []", "more than 16 deep"),
    "a list for each of a list": (
        "below.pump.exists(p, below.pump.exists(q, p.t > q.t))", "exists() inside another loop over a list",
    ),
    "likewise, written apart": (
        "below . pump . all ( p, [1.0, 2.0] . map ( x, x ).size() > 0 && p.t > 1.0)", "map() inside another loop",
    ),
    "texts that double again and again": (
        "t > 1.0 || ['" + "a" * 2_000 + "']" + (".map(x, " + "+".join("x" * 16) + ")") * 8 + ".size() > 5",
        "map() more than once",
    ),
    "list after list": ("below.pump" + ".filter(p, p.t > 1.0)" * 9 + ".size() > 1", "over lists more than 8 times"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_an_expression_may_cost_has_a_bound(text, problem):
    with pytest.raises(InvalidRulebook) as caught:
        parse({"expression": [WHEN | {"when": text}]}, source="rules.toml")
    assert str(caught.value).startswith("rules.toml: expression 'r': when: ")
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 400
    derived = {"asset_class": "pump", "name": "n", "unit": "m", "value": text}
    with pytest.raises(InvalidRulebook, match=r"rules\.toml: derived 1: value: "):
        parse({"derived": [derived]}, source="rules.toml")


ENOUGH = {
    "a sum": "+".join(["t"] * 298) + " > 1.0",
    "conditions": " && ".join(["t > 1.0"] * 150),
    "signs": "-" * 597 + "t > 1.0",
    "brackets": "(" * 16 + "t" + ")" * 16 + " > 1.0",
    "brackets and quotes in a text": 'signals["' + "([{" * 30 + '"] > 1.0',
    "lists": "below.pump" + ".filter(p, p.t > 1.0)" * 7 + ".size() > 1",
    "lists side by side": "below.pump.exists(p, p.t > 1.0) && below.fan.all(f, f.t > 1.0)",
}


@pytest.mark.parametrize("text", ENOUGH.values(), ids=ENOUGH)
def test_what_is_within_the_bounds_is_judged_even_where_there_is_little_room(text):
    """In a thread with a fraction of the usual stack: what dies there would end the process."""
    found: list[object] = []

    def judge() -> None:
        made = compiled(text, wanted=bool)
        found.append(made.value(dict.fromkeys(made.reads, 2.0), {"pump": [{"t": 2.0}], "fan": [{"t": 2.0}]}))

    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=judge)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert isinstance(found[0], bool)


def test_an_expression_that_never_ends_its_text_is_told():
    with pytest.raises(InvalidExpression):
        compiled('t > 1.0 && "' + "(" * 1_000, wanted=bool)


def test_a_rulebook_that_would_cost_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(rulebook, "MOST_RULES", 300)
    monkeypatch.setattr(rulebook, "MOST_OF_SIGNAL", 100)
    monkeypatch.setattr(rulebook, "MOST_EXPRESSIONS", 20)
    hot = WHEN | {"raise_at": 90, "clear_below": 80}

    def rules(count: int) -> list[Any]:
        return [hot | {"id": f"r{number}", "signal": f"s{number}"} for number in range(count)]

    assert len(parse({"threshold": rules(300)}).rules) == 300
    with pytest.raises(InvalidRulebook, match=r"rulebook: the document: has 301 rules, .* 300 is the most"):
        parse({"threshold": rules(301)})
    with pytest.raises(InvalidRulebook, match="'pump': has 101 rules on the signal 't'; 100 is the most"):
        parse({"threshold": [each | {"signal": "t"} for each in rules(101)]})
    with pytest.raises(InvalidRulebook, match="'pump': has 21 expressions; 20 is the most"):
        parse({"expression": [WHEN | {"id": f"e{number}", "when": "t > 1.0"} for number in range(21)]})


def test_a_file_of_brackets_is_told(tmp_path):
    file = tmp_path / "deep.toml"
    file.write_text("a = " + "[" * 100_000)
    with pytest.raises(InvalidRulebook, match=r"deep\.toml: TOML"):
        rulebook.read(file)
    with pytest.raises(InvalidMapping, match=r"deep\.toml"):
        mapping.read(file)


def test_looking_for_a_topics_levels_has_an_end():
    keys = {"values": "", "site": "N", "asset": "P"}
    with pytest.raises(InvalidMapping, match="topic has more than 2 names for several levels; name the levels"):
        mapping.parse({"topic": "a/{x*}/{y*}/{z*}/b"} | keys, source="m.toml")
    made = mapping.parse({"topic": "a/{x*}/{y*}/b"} | keys, source="m.toml")
    assert mapped(made, Message("a/" + "x/" * 480 + "c", b"{}", 0), Bounds()) is None
    assert mapped(made, Message("a/" + "x/" * 30_000 + "c", b"{}", 0), Bounds()) is None
