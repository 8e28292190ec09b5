"""The text of a message in its reader's language, the same by whichever channel it goes."""

from collections.abc import Sequence

from api.language import catalogues
from db.events.deliveries import Head
from db.notifying.fanning_out import Gathered
from workorder_core.language import ENGLISH, speaking
from workorder_core.notifying import bundles, letters
from workorder_core.notifying.kinds import Happened
from workorder_core.notifying.letters import Letter


def letter(
    head: Head,
    gathered: Sequence[Gathered] = (),
    *,
    pages: str | None,
    language: str = ENGLISH.code,
    token: str | None = None,
) -> Letter:
    """Return a message in its reader's language, else in ``language``; ``gathered`` are the events that go in it,
    ``token`` is that of its link, if it asks somebody.
    """
    with speaking(catalogues.language(head.language or language)):
        if len(gathered) < 2:
            return _one(head, pages, token)
        items = [
            bundles.Item(why=each.why, title=_title(each), at=each.at, area=each.area, asset=each.asset)
            for each in gathered
        ]
        footer = letters.because(head.why, chosen=head.chosen)
        return bundles.write(items, zone=head.zone, pages=pages, footer=footer)


def _one(head: Head, pages: str | None, token: str | None) -> Letter:
    happened = Happened(kind=head.kind, site=head.site, at=head.at, recorded_at=head.recorded_at, data=head.data)
    return letters.write(
        happened,
        head.why,
        head.subject,
        order_id=head.order_id,
        zone=head.zone,
        pages=pages,
        chosen=head.chosen,
        token=token,
    )


def _title(each: Gathered) -> str:
    happened = Happened(kind=each.kind, site=each.site, at=each.at, recorded_at=each.recorded_at, data=each.data)
    return letters.write(happened, each.why, each.subject, order_id=each.order_id, zone="UTC", pages=None).subject
