"""Audit reports as runs: the history is verified, and what people did is written as PDF and XLSX."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice

from api.language.catalogues import language
from api.papers import audit_paper, typeset
from api.papers.audit_paper import HEADERS, MOST_PRINTED, Reader, Said
from api.papers.columns import FORMATS
from api.papers.sheets import MOST_ROWS, Sheet
from api.shapes.runs import TRAIL_KINDS, AuditReportKept
from db.orders import audit, trail
from db.orders.trail import Asked
from db.runs.runs import MadeFile
from runtime.runs.work import CannotBeDone, Done, Work
from workorder_core.language import _, speaking
from workorder_core.sentences import kept

_AT_ONCE = 500
"""Rows between two reports of progress."""


def execute(work: Work) -> Done:
    """Write the report in the language of whoever asked for it, of what they could see when they asked."""
    asked_for = AuditReportKept.model_validate(work.run.input)
    with speaking(language(asked_for.language)):
        return _report(work, asked_for)


def _report(work: Work, asked_for: AuditReportKept) -> Done:
    asked = _asked(asked_for)
    length = trail.length(work.conn, asked)
    if length > MOST_ROWS:
        raise CannotBeDone(
            kept(
                "the report would have {count:,} rows, and a spreadsheet has {most:,} at most: choose a shorter time, "
                "one site, or some kinds",
                count=length,
                most=MOST_ROWS,
            )
        )
    work.progress(0.05, kept("verifying the history"))
    found = audit.within(work.conn, audit.verify(work.conn, expected=asked_for.anchor), asked_for.within)
    reader = Reader.of(work.conn)
    rows = audit_paper.sentences(reader, trail.rows(work.conn, asked))
    printed = list(islice(rows, MOST_PRINTED))
    sheet = _xlsx(work, chain(printed, rows), length)
    work.progress(0.7, kept("printing {count:,} rows", count=len(printed)))
    facts = audit_paper.facts(
        found,
        at=datetime.now(UTC),
        by=reader.by(work.run.requested_by),
        of=reader.site_name(asked_for.site),
        expected=asked_for.anchor,
        zone=reader.zone(asked_for.site),
    ) | audit_paper.trail_facts(asked, reader, printed, length=length, kinds=len(TRAIL_KINDS))
    pdf = typeset.pdf("audit", facts)
    files = [
        MadeFile(name="audit-report.pdf", media_type="application/pdf", size=0, content=pdf),
        MadeFile(name="audit-report.xlsx", media_type=FORMATS["xlsx"], size=0, content=sheet),
    ]
    number, anchor = found.anchor or (None, None)
    return Done(
        result={
            "sound": found.sound,
            "rows": length,
            "printed": len(printed),
            "verified": found.rows,
            "anchor": None if anchor is None else {"number": number, "hash": anchor},
            "anchor_there": found.missing_anchor is None,
            "broken": [
                {"what": each.number or str(each.order_id), "row": each.seq, "problem": each.problem}
                for each in found.broken[: audit_paper.MOST_BROKEN]
            ],
            "broken_chains": len(found.broken),
            "broken_elsewhere": found.elsewhere,
            "broken_anchors": list(found.broken_anchors),
        },
        files=files,
    )


def _asked(asked_for: AuditReportKept) -> Asked:
    return Asked(
        kinds=tuple(asked_for.seen),
        since=asked_for.since,
        until=asked_for.until,
        site=asked_for.site,
        actor=asked_for.actor or None,
        subject=asked_for.subject or None,
        within=asked_for.within,
        prices=asked_for.prices,
    )


def _xlsx(work: Work, rows: Iterator[Said], length: int) -> bytes:
    made = io.BytesIO()
    with Sheet(_("Who did what"), [_(each) for each in HEADERS]) as sheet:
        while part := list(islice(rows, _AT_ONCE)):
            sheet.add([each.cells() for each in part])
            work.progress(
                0.2 + 0.5 * sheet.rows / length, kept("{count:,} of {most:,} rows", count=sheet.rows, most=length)
            )
        sheet.save(made)
    return made.getvalue()
