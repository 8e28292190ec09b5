"""The lifecycle as documents show it, drawn from its table."""

from workorder_core.orders.lifecycle import MOVES
from workorder_core.words import Status


def diagram() -> str:
    """Return the moves as a Mermaid state diagram. Moves to the same end share a line for each status."""
    lines = ["stateDiagram-v2", "    [*] --> draft", "    [*] --> awaiting_approval", "    [*] --> open"]
    for source in Status:
        targets: dict[Status, list[str]] = {}
        for step, move in MOVES.items():
            if source in move.sources:
                targets.setdefault(move.to, []).append(step.value.replace("_", " "))
        lines += [f"    {source} --> {to}: {', '.join(steps)}" for to, steps in targets.items()]
    ends = [status for status in Status if not any(status in move.sources for move in MOVES.values())]
    lines += [f"    {status} --> [*]" for status in (Status.CLOSED, *ends)]
    return "\n".join(lines)


def table() -> str:
    """Return the moves as a Markdown table: who may perform each and what it needs."""
    rows = ["| step | from | to | who | on their own orders | needs |", "| --- | --- | --- | --- | --- | --- |"]
    for step, move in MOVES.items():
        sources = ", ".join(status.label for status in Status if status in move.sources)
        cells = [
            step.value.replace("_", " "),
            sources,
            move.to.label,
            _roles(move.roles),
            _roles(move.own - move.roles),
        ]
        rows.append(f"| {' | '.join(cells)} | {'; '.join(need.value for need in move.needs)} |")
    return "\n".join(rows)


def _roles(roles: frozenset[str]) -> str:
    return ", ".join(sorted(str(role).replace("_", " ") for role in roles))
