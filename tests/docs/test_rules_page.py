"""Every example of docs/rules.md does what the page says."""

import re
import tomllib
from pathlib import Path

import pytest

from judge.inputs import Event, JudgedFrame, LateFrame
from judge.judge import Judge
from judge.limits import expressions
from judge.limits.fleets import NO_FLEET
from judge.limits.limits import Limits
from judge.limits.rule_sets import RuleSets
from rules import rulebook
from rules.kinds import KINDS
from workorder_core.words import OperatingState

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
FOLLOWED = [
    (kind, text, *(BLOCKS[i + 1] if i + 1 < len(BLOCKS) else ("", ""))) for i, (kind, text) in enumerate(BLOCKS)
]
SAYS = [(text, says) for kind, text, follows, says in FOLLOWED if (kind, follows) == ("rule", "says")]
WRONG = [(text, error) for kind, text, follows, error in FOLLOWED if (kind, follows) == ("wrong", "refused")]
LINE = re.compile(r"^(\d+) min: (.*) → (active|normal)$")
ASSET = "NTH/P-1"


@pytest.mark.parametrize(("text", "says"), SAYS, ids=[re.findall(r"\[\[(\w+)", text)[0] for text, _ in SAYS])
def test_a_rule_says_what_the_page_says(text, says):
    asset_class = re.findall(r'^asset_class = "(\w+)"', text, re.MULTILINE)[0]
    limits = Limits(RuleSets(rulebook.parse(tomllib.loads(text))).of(asset_class, ASSET))
    for line in says.splitlines():
        found = LINE.match(line)
        assert found is not None, line
        values = {name: float(value) for name, value in (each.split(" ") for each in found[2].split(", "))}
        at_us = int(found[1]) * 60_000_000
        below = [name.partition(":") for name in values if ":" in name]
        if below:
            [(asset, _, signal)] = below
            of_class = re.findall(r"\bbelow\.(\w+)", text)[0]
            value = {signal: values[f"{asset}:{signal}"]}
            hits = list(expressions.judge_below(limits, f"NTH/{asset}", of_class, at_us, value, OperatingState.RUNNING))
        else:
            hits = list(limits.judge(at_us, values, OperatingState.RUNNING, NO_FLEET))
        assert ("active" if any(hit.condition.active for hit in hits) else "normal") == found[3], line


def test_what_came_late_opens_what_the_page_says():
    [(text, comes)] = [(text, comes) for kind, text, follows, comes in FOLLOWED if (kind, follows) == ("rule", "comes")]
    judge = Judge()
    judge.decide([Event.of(1, "rulebook", None, tomllib.loads(text))])
    judge.decide([Event.of(2, "asset", ASSET, {"class": "pump", "criticality": 1})])
    newest = 0
    for place, line in enumerate(comes.splitlines(), start=3):
        found = re.match(r"^(\d+) min: temp (\d+) → (order|nothing)$", line)
        assert found is not None, line
        at_us = int(found[1]) * 60_000_000
        frame = JudgedFrame if at_us >= newest else LateFrame
        newest = max(newest, at_us)
        verdicts = judge.decide([frame(place, ASSET, at_us, {"temp": float(found[2])})])
        assert ("order" if verdicts else "nothing") == found[3], line


@pytest.mark.parametrize(("text", "error"), WRONG, ids=[re.findall(r"\[\[(\w+)", text)[0] for text, _ in WRONG])
def test_a_wrong_rule_is_refused_as_the_page_says(text, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rules.toml").write_text(text)
    with pytest.raises(rulebook.InvalidRulebook) as refused:
        rulebook.read(Path("rules.toml"))
    assert str(refused.value) == error.strip()


def test_every_rule_of_the_page_can_be_used():
    rules = [text for kind, text in BLOCKS if kind == "rule"]
    for text in rules:
        rulebook.parse(tomllib.loads(text))
    written = {kind for text in rules for kind in re.findall(r"^\[\[(\w+)\]\]", text, re.MULTILINE)}
    assert written >= {*KINDS, "derived", "override", "pack", "operating_state"}
