"""Rules that several rooms go by are written once: a copy that comes back fails here, with the original's name."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.board import words
from workorder_core.alarms import standard
from workorder_core.inspections import audits, rounds
from workorder_core.intake.findings import WEIGHTY_SHARE
from workorder_core.inventory import purchasing
from workorder_core.orders import lifecycle, statuses
from workorder_core.orders.lifecycle import Step
from workorder_core.runs import runs
from workorder_core.words import Status

HERE = Path(__file__).parents[1]
ROOMS = ("api", "db", "ingest", "judge", "models", "rules", "runtime", "workorder_core")
SOURCES = sorted(path for room in ROOMS for path in (HERE / room).rglob("*.py"))
TEMPLATES = sorted((HERE / "api/board/templates").rglob("*.html"))
QUERIES = sorted((HERE / "db/queries").glob("*.sql"))
GROUPS = {
    "UNAPPROVED": statuses.UNAPPROVED,
    "WAITING": statuses.WAITING,
    "BEGUN": statuses.BEGUN,
    "UNGIVEN": statuses.UNGIVEN,
    "BOOKED": statuses.BOOKED,
    "OCCUPYING": statuses.OCCUPYING,
    "DONE": statuses.DONE,
    "FINAL": statuses.FINAL,
}
OTHER_GROUPS = {
    "rounds.OPEN": rounds.OPEN,
    "rounds.WALKED": rounds.WALKED,
    "rounds.OVER": rounds.OVER,
    "audits.UNSETTLED": audits.UNSETTLED,
    "purchasing.OPEN": purchasing.OPEN,
    "runs.UNFINISHED": runs.UNFINISHED,
}
BY_VALUE = {status.value: status for status in Status}
OF_OTHER_GROUPS = {
    "workorder_core/inspections/rounds.py",
    "workorder_core/inspections/audits.py",
    "workorder_core/inventory/purchasing.py",
    "workorder_core/runs/runs.py",
}
OF_ALARMS = re.compile(r"FLOOD|CHATTER|STALE|CALM|BEGINS_ABOVE|OVER_BELOW|PERIODS_A_DAY")
JSON_OF_MESSAGES = {"ingest/formats/json_text.py", "ingest/formats/payload.py"}


def name_of(path: Path) -> str:
    return path.relative_to(HERE).as_posix()


def listed(node: ast.AST) -> frozenset[Status]:
    """The statuses that a literal list, tuple or set names, when it names nothing else."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return frozenset()
    found = []
    for each in node.elts:
        if isinstance(each, ast.Attribute) and each.attr in Status.__members__:
            found.append(Status[each.attr])
        elif isinstance(each, ast.Constant) and each.value in BY_VALUE:
            found.append(BY_VALUE[each.value])
        else:
            return frozenset()
    return frozenset(found)


def copies_of_statuses(source: str) -> Iterator[str]:
    unions = {**GROUPS, "DONE | FINAL": statuses.DONE | statuses.FINAL}
    unions["WAITING | BEGUN"] = statuses.WAITING | statuses.BEGUN
    for node in ast.walk(ast.parse(source)):
        found = listed(node)
        yield from (f"{name} is written anew" for name, group in unions.items() if found == group)


def copies_of_other_groups(source: str) -> Iterator[str]:
    """Of statuses of rounds, findings of audits, purchase requests and runs: by their values, or as attributes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            named = {each.attr for each in node.elts if isinstance(each, ast.Attribute)}
            named |= {str(each.value).upper() for each in node.elts if isinstance(each, ast.Constant)}
            for name, group in OTHER_GROUPS.items():
                if len(node.elts) == len(group) and named == {each.name for each in group}:
                    yield f"{name} is written anew"


def copies_of_the_standard(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = " ".join(ast.unparse(target) for target in targets)
            if OF_ALARMS.search(names) and is_number(node.value):
                yield f"{names} is a number of its own"


def is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return any(is_number(each) for each in node.elts)
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).endswith("timedelta")
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        ("x = (Status.COMPLETED, Status.VERIFIED)", True),
        ("x = {'closed', 'cancelled', 'cannot_complete'}", True),
        ("x = [Status.OPEN, Status.VERIFIED]", False),
        ("x = (Status.COMPLETED, other)", False),
    ],
)
def test_a_copy_of_a_list_of_statuses_is_seen(source, copied):
    assert any(copies_of_statuses(source)) is copied


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        ("x = (RoundStatus.UNDER_WAY, RoundStatus.PAUSED)", True),
        ("x = ['requested', 'ordered']", True),
        ("x = (State.QUEUED, State.FAILED)", False),
        ("x = (State.REQUESTED, other)", False),
    ],
)
def test_a_copy_of_another_group_is_seen(source, copied):
    assert any(copies_of_other_groups(source)) is copied


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        ("CHATTER = 3", True),
        ("FLOOD_ABOVE, FLOOD_OVER_BELOW = 10, 5", True),
        ("STALE = datetime.timedelta(hours=24)", True),
        ("CALM_US = PERIOD // MICROSECOND", False),
    ],
)
def test_a_copy_of_the_standards_numbers_is_seen(source, copied):
    assert any(copies_of_the_standard(source)) is copied


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_code_names_the_statuses_and_the_standard_and_has_no_copy(path):
    source, name = path.read_text(encoding="utf-8"), name_of(path)
    found: list[str] = []
    if name not in ("workorder_core/orders/statuses.py", "workorder_core/orders/lifecycle.py"):
        found += copies_of_statuses(source)
    if name not in OF_OTHER_GROUPS:
        found += copies_of_other_groups(source)
    # A quality of Sparkplug is called stale too.
    if name != "workorder_core/alarms/standard.py" and not name.startswith("ingest/"):
        found += copies_of_the_standard(source)
    assert found == []


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_a_query_has_lists_of_statuses_and_shares_from_the_core(path):
    text = path.read_text(encoding="utf-8")
    for written in re.findall(r"\bIN \(([^()]*)\)", text):
        literal = set(re.findall(r"'(\w+)'", written))
        assert len(literal & set(BY_VALUE)) < 2, f"({written}): write :final and the like, see db/sql.py"
        assert not literal >= {"UNK", "PDE"}, f"({written}): write :unspecific, see db/sql.py"
        names = [name for name, group in OTHER_GROUPS.items() if literal == {each.value for each in group}]
        assert not names, f"({written}): it is {names[0]}, see db/sql.py"
    assert not re.search(r"'share'\)[^\n]*>= *[\d.]", text), "write :weighty_share, see db/sql.py"


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_page_has_lists_of_statuses_from_the_core(path):
    for written in re.findall(r"\(([^()]*)\)", path.read_text(encoding="utf-8")):
        found = frozenset(BY_VALUE[each] for each in re.findall(r'"(\w+)"', written) if each in BY_VALUE)
        assert found not in GROUPS.values(), f"({written}): have it given to the page"


def test_the_groups_of_statuses_are_whole():
    parts = [statuses.UNAPPROVED, statuses.WAITING, statuses.BEGUN, statuses.DONE, statuses.FINAL]
    assert sum(map(len, parts)) == len(Status)
    assert frozenset().union(*parts) == frozenset(Status)
    assert (lifecycle.WAITING, lifecycle.FINAL) == (statuses.WAITING, statuses.FINAL)


def test_the_numbers_are_those_of_the_standard():
    """ISA-18.2: a flood begins above ten alarms in ten minutes; three within a minute chatter; stale is after a day."""
    assert (timedelta(minutes=10), 10, 5) == (standard.PERIOD, standard.FLOOD_ABOVE, standard.FLOOD_OVER_BELOW)
    assert (3, timedelta(minutes=1)) == (standard.CHATTER, standard.CHATTER_WITHIN)
    assert timedelta(days=1) == standard.STALE_AFTER
    assert WEIGHTY_SHARE == 0.1


def test_every_step_has_its_verb():
    assert {step for step in Step if words.step(step) == step.value} == set()


@pytest.mark.parametrize("path", [each for each in SOURCES if name_of(each).startswith("ingest/")], ids=name_of)
def test_the_json_of_messages_is_read_in_one_file(path):
    reads = re.search(r"json\.loads|json\.Decoder|JSONDecoder|json\.decode", path.read_text(encoding="utf-8"))
    assert not reads or name_of(path) in JSON_OF_MESSAGES, "use ingest.formats.json_text"
