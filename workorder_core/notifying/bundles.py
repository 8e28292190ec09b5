"""One message about several events: what they are, by area and by asset. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workorder_core.language import _, ngettext
from workorder_core.notifying import times
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.letters import Letter, one_line
from workorder_core.sentences import translated

LISTED = 30
"""The most lines of a message; what is beyond them is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An event of the message: its kind of news, what it is called, and where it is; empty: nowhere in particular."""

    why: str
    title: str
    at: datetime
    area: str = ""
    asset: str = ""


def write(items: Sequence[Item], *, zone: str, pages: str | None, footer: str) -> Letter:
    """Return the message about several events, which are in their order; in the reader's language."""
    kinds = Counter(each.why for each in items)
    assets = len({each.asset for each in items if each.asset})
    count = ngettext("%(num)s message", "%(num)s messages", len(items))
    about = ", ".join(_label(why) for why in kinds)
    subject = f"{count}: {about}"
    if assets > 1:
        subject = f"{count}, {ngettext('%(num)s asset', '%(num)s assets', assets)}: {about}"
    lines = [f"{_label(why)}: {number}" for why, number in kinds.items()]
    lines.append(_("First: %(time)s", time=times.shown(items[0].at, zone)))
    lines.append(_("Last: %(time)s", time=times.shown(items[-1].at, zone)))
    lines.append("")
    lines += _by_place(items)
    lines.append(_("What to do: %(action)s", action=_("open the page, and see what needs you first")))
    path = "/alarms" if set(kinds) == {Choice.ALARM.value} else "/notifications"
    link = None if pages is None else pages.rstrip("/") + path
    return Letter(one_line(subject), tuple(line for line in lines if line), link, footer)


def _by_place(items: Sequence[Item]) -> list[str]:
    """Return a line for each asset with how many and the newest, under its area; those without an asset by title."""
    places: dict[tuple[str, str], list[Item]] = {}
    for each in items:
        places.setdefault((each.area, each.asset or each.title), []).append(each)
    lines, area, listed = [], None, 0
    for (of_area, _place), found in sorted(places.items(), key=lambda each: each[0]):
        if listed == LISTED:
            break
        if of_area != area and of_area:
            in_area = sum(each.area == of_area for each in items)
            lines.append(f"{of_area}: {in_area}")
        area = of_area
        newest = found[-1]
        more = f" (+{len(found) - 1})" if len(found) > 1 else ""
        lines.append(f"- {one_line(newest.title)}{more}")
        listed += 1
    if len(places) > listed:
        lines.append(_("and %(count)s more", count=len(places) - listed))
    return lines


def _label(why: str) -> str:
    return translated(Choice(why).label) if why in list(Choice) else why
