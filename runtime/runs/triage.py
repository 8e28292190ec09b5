"""Learning triage as a run: the texts of a site's orders teach a model for each field, stored as a version."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api.shapes.runs import TriageKept
from db.errors import StoreError
from db.plant import plant
from db.triage import versions
from db.triage.versions import Model
from models.triage import selective, stored
from models.triage.selective import NothingToLearn
from runtime.runs.work import CannotBeDone, Done, Work
from workorder_core.sentences import kept
from workorder_core.triage.suggestions import Field
from workorder_core.words import WHOLE_MACHINE, FailureMode

LEAST_OF_A_LABEL = 3
"""A label of fewer texts is not learned."""
MOST_LABELS = 300
SAYS_NOTHING = {Field.FAILURE_MODE: {FailureMode.UNK.value}, Field.COMPONENT: {WHOLE_MACHINE}}
"""Values that are entered where nothing is known."""


def execute(work: Work) -> Done:
    """Learn from a site's orders, and put what was learned in force with the run's end."""
    asked = TriageKept.model_validate(work.run.input)
    try:
        site = plant.site_by_code(work.conn, asked.site)
    except StoreError as error:
        raise CannotBeDone(str(error)) from None
    rows = versions.texts(work.conn, site.id)
    models = []
    for at, field in enumerate(Field):
        work.progress(at / len(Field), kept("learning from {count} texts", count=len(rows)))
        if (model := _model(field, rows)) is not None:
            models.append(model)
    if not models:
        least = selective.LEAST_TEXTS
        raise CannotBeDone(
            kept("nothing can be learned yet: it takes {least} orders with different values of a field", least=least)
        )
    made = versions.add(
        work.conn,
        site.id,
        models,
        count=len(rows),
        actor=work.run.requested_by,
        at=datetime.now(UTC),
        why="learned",
        run_id=work.run.id,
        by_itself=asked.by_itself,
    )
    fields = {each.field.value: dict(each.facts) for each in models}
    return Done(result={"site": site.code, "version": made.number, "texts": len(rows), "fields": fields})


def _model(field: Field, rows: Sequence[dict[str, Any]]) -> Model | None:
    """Learn one field; None where there is too little to learn from."""
    known = [row for row in rows if row[field] and row[field] not in SAYS_NOTHING.get(field, ())]
    counts = Counter(row[field] for row in known)
    labels = {label for label, count in counts.most_common(MOST_LABELS) if count >= LEAST_OF_A_LABEL}
    known = [row for row in known if row[field] in labels]
    try:
        learned = selective.learn([row["text"] for row in known], [row[field] for row in known])
    except NothingToLearn:
        return None
    past = {"suggested": round(learned.past.suggested, 4), "right": round(learned.past.right, 4)}
    facts = {"texts": len(known), "labels": len(labels)} | past
    return Model(field=field, facts=facts, content=stored.to_bytes(learned))
