"""The report of an audit: who did what, whether the history is as it was written, and the anchor to note elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from api.board import words
from api.board.changed import changed
from api.board.orders import history
from api.board.orders.history import Names
from api.language import formats
from api.papers.columns import Cell
from api.papers.typeset import clock
from db.orders.audit import Verdict
from db.orders.order_history import HistoryRow
from db.orders.trail import ORDER, Asked, Deed
from db.people import technicians, users
from db.plant import plant
from workorder_core.language import N_, _
from workorder_core.sentences import stored

MOST_BROKEN = 500
MOST_PRINTED = 5_000
"""Rows of a PDF, some 200 pages; the XLSX has all."""
HEADERS = (
    N_("Time (site time)"), N_("Time zone"), N_("Site"), N_("Of"), N_("Who"), N_("Recorded as"), N_("What"),
    N_("Changed"), N_("Why"), N_("Row"), N_("Hash"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A row as it is read."""

    at: datetime
    zone: str
    site: str
    of: str
    by: str
    what: str
    changed: Sequence[str]
    why: str
    deed: Deed

    def cells(self) -> list[Cell]:
        """Return the row of the XLSX."""
        local = self.at.astimezone(ZoneInfo(self.zone))
        lines = "; ".join(self.changed)
        return [
            local, self.zone, self.site, self.of, self.by, self.deed.actor, self.what, lines, self.why,
            self.deed.seq, self.deed.hash,
        ]  # fmt: skip

    def printed(self) -> dict[str, Any]:
        """Return the row of the PDF."""
        return {
            "at": clock(self.at, self.zone),
            "by": self.by,
            "of": self.of,
            "what": self.what,
            "changed": list(self.changed),
            "why": self.why,
        }


@dataclass(slots=True)
class Reader:
    """Puts rows into words: people by their full names, times on each site's clock."""

    sites: Mapping[str, plant.Site]
    users: Mapping[str, str]
    people: Mapping[str, Mapping[str, str]]
    _names: dict[str | None, Names] = field(default_factory=dict)

    @classmethod
    def of(cls, conn: Connection) -> "Reader":
        """Read what it needs of the plant."""
        sites = plant.sites(conn)
        people = {each.code: {one.code: one.name for one in technicians.listed(conn, each.id)} for each in sites}
        return cls({each.code: each for each in sites}, users.full_names(conn), people)

    def say(self, deed: Deed) -> Said:
        """Return a row in the reader's language."""
        names = self._of_site(deed.site)
        if deed.kind == ORDER:
            row = HistoryRow(
                seq=deed.seq, at=deed.at, actor=deed.actor, step=deed.what, old=deed.old, new=deed.new, why=deed.why
            )
            [entry] = history.entries([row], names)
            lines = [f"{name}: {was} → {now}" if was else f"{name}: {now}" for name, was, now in entry.facts]
            of, what, why = deed.subject, entry.done, entry.why
        else:
            lines = [str(each) for each in changed(deed.old, deed.new, names.zone)]
            of = f"{words.sentence(words.words(deed.kind))} {deed.subject}"
            what = words.words(deed.what)
            why = stored(deed.why) if deed.actor.startswith("system:") else deed.why
        return Said(
            at=deed.at,
            zone=names.zone,
            site=deed.site or "",
            of=of,
            by=self.by(deed.actor),
            what=what,
            changed=lines,
            why=why,
            deed=deed,
        )

    def by(self, actor: str) -> str:
        """Return what people call an actor."""
        return words.who(actor, self.users)

    def site_name(self, code: str | None) -> str:
        """Return what a report says of its site."""
        if code is None:
            return ", ".join(each.name for each in self.sites.values())
        return f"{self.sites[code].name} ({code})" if code in self.sites else code

    def zone(self, code: str | None) -> str:
        """Return the clock of a report: its site's, or that which all sites have."""
        if code in self.sites:
            return self.sites[code or ""].time_zone
        zones = {each.time_zone for each in self.sites.values()}
        return zones.pop() if len(zones) == 1 else "UTC"

    def _of_site(self, code: str | None) -> Names:
        if code not in self._names:
            self._names[code] = Names(
                people=self.people.get(code or "", {}), users=self.users, zone=self.zone(code)
            )  # fmt: skip
        return self._names[code]


def sentences(reader: Reader, deeds: Iterator[Deed]) -> Iterator[Said]:
    """Yield rows in words."""
    return map(reader.say, deeds)


def facts(found: Verdict, *, at: datetime, by: str, of: str, expected: str | None, zone: str = "UTC") -> dict[str, Any]:
    """Return what the template says of a verdict. ``of`` names the plant, or the database without its password."""
    number, anchor = found.anchor or (None, None)
    return {
        "sound": found.sound,
        "verdict": _verdict(found),
        "of": of,
        "looked_at": _(
            "%(rows)s rows of history of %(things)s orders and things of the plant",
            rows=_count(found.rows), things=_count(found.orders),
        ),
        "anchor": None
        if anchor is None
        else {"number": _("number %(number)s", number=number), "hash": anchor},
        "expected": expected,
        "expected_there": found.missing_anchor is None,
        "broken": [
            {
                "what": each.number or str(each.order_id),
                "row": str(each.seq),
                "problem": words.said_again(each.problem),
            }
            for each in found.broken[:MOST_BROKEN]
        ],
        "more": _more(len(found.broken) - MOST_BROKEN),
        "broken_anchors": list(found.broken_anchors),
        "asked": [],
        "trail": None,
        "footer": _("Made %(time)s by %(name)s", time=clock(at, zone), name=by),
    }  # fmt: skip


def trail_facts(asked: Asked, reader: Reader, printed: Sequence[Said], *, length: int, kinds: int) -> dict[str, Any]:
    """Return what the template says besides of who did what; ``kinds`` is how many there are to choose from."""
    zone = reader.zone(asked.site)
    span = (
        clock(asked.since, zone) if asked.since else _("the beginning"),
        clock(asked.until, zone) if asked.until else _("now"),
    )
    rows = [
        [_("Period"), _("%(start)s to %(end)s", start=span[0], end=span[1])],
        [_("Who"), asked.actor or _("everybody")],
        [_("Of"), asked.subject or _("everything")],
    ]
    if len(asked.kinds) < kinds:
        rows.append([_("Only"), ", ".join(words.words(each) for each in asked.kinds)])
    return {
        "asked": rows,
        "trail": {
            "rows": [each.printed() for each in printed],
            "length": _("%(rows)s rows", rows=_count(length)),
            "more": ""
            if length <= len(printed)
            else _(
                "The first %(printed)s of %(rows)s rows are printed; the spreadsheet of this report has all of them.",
                printed=_count(len(printed)), rows=_count(length),
            ),
        },
    }  # fmt: skip


def _count(number: int) -> str:
    return formats.digits(f"{number:,}")


def _verdict(found: Verdict) -> str:
    if found.sound:
        return _("Every row is as it was written.")
    said = [_("The history is not as it was written.")]
    if found.broken:
        said.append(_("Chains that are broken: %(count)s.", count=_count(len(found.broken))))
    if found.elsewhere:
        said.append(_("Chains of other sites that are broken: %(count)s.", count=_count(found.elsewhere)))
    if found.broken_anchors:
        said.append(_("Anchors that are broken: %(count)s.", count=_count(len(found.broken_anchors))))
    if found.missing_anchor:
        said.append(_("The anchor that was noted is missing."))
    return " ".join(said)


def _more(count: int) -> str:
    return _("%(count)s more are not listed.", count=_count(count)) if count > 0 else ""
