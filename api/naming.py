"""Names that exist by being used: one that nothing in the plant uses yet has to be confirmed. A system confirms kinds
of names by the parameter ``new``, a form by the answer to its question.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated

from fastapi import Depends, Form, Query

from api.asking import Asking, Conn
from api.board.forms.form_errors import Question
from db.plant import names
from workorder_core.plant.new_names import NameKind, NewName
from workorder_core.sentences import coded, joined, say


class UnknownNames(Exception):
    """Unused names that were not confirmed."""

    def __init__(self, found: Sequence[NewName]) -> None:
        kinds = "&".join(f"new={kind}" for kind in dict.fromkeys(each.kind for each in found))
        said = [str(each) for each in found[:_SHOWN]]
        if len(found) > _SHOWN:
            said.append(say("and {count} more", count=len(found) - _SHOWN))
        told = joined(said, "; ")
        super().__init__(
            say("{told}; repeat the request with ?{kinds} if that is what you mean", told=told, kinds=kinds)
        )
        self.found = tuple(found)


_SHOWN = 5
_MANY = {NameKind.CLASS: "classes"}


class Naming:
    """Looks up names in use for one request. ``kinds`` of names and single ``confirmed`` names may be new."""

    def __init__(self, conn: Conn, who: Asking, kinds: Collection[NameKind], confirmed: Collection[str]) -> None:
        self._conn, self._within = conn, who.sites
        self._kinds, self._confirmed = kinds, confirmed

    def new(self, kind: NameKind, wanted: Iterable[str | None]) -> list[NewName]:
        """Return those of the wanted names that are unused and not confirmed."""
        if kind in self._kinds:
            return []
        asked = [name for name in wanted if name and name not in self._confirmed]
        return names.new(self._conn, kind, asked, self._within)

    def require(self, *wanted: tuple[NameKind, Iterable[str | None]]) -> None:
        """Raise UnknownNames, with all of them, if any of the wanted names is new and not confirmed."""
        found = [each for kind, those in wanted for each in self.new(kind, those)]
        if found:
            raise UnknownNames(found)

    def question(self, kind: NameKind, wanted: Iterable[str], typed: str) -> Question | None:
        """Return the question about a field's new names; ``typed`` is all that was typed there."""
        found = self.new(kind, wanted)
        if not found:
            return None
        quoted = ", ".join(repr(each.name) for each in found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
        several = len(found) > 1
        return Question(
            say("there are no {kinds} {names} yet", kinds=coded(_MANY.get(kind, f"{kind}s")), names=quoted)
            if several
            else say("there is no {kind} {names} yet", kind=kind, names=quoted),
            new=say("They are new") if several else say("Make a new {kind}", kind=kind),
            names=tuple(each.name for each in found),
            alike=[
                (say("Use {other}", other=other), typed.replace(each.name, other, 1))
                for each in found
                for other in each.alike
            ],
        )


def _of_query(
    conn: Conn,
    who: Asking,
    new: Annotated[
        list[NameKind], Query(max_length=len(NameKind), description="kinds of names in this that nothing uses yet")
    ] = [],  # noqa: B006
) -> Naming:
    return Naming(conn, who, new, ())


def _of_form(
    conn: Conn,
    who: Asking,
    new: Annotated[list[Annotated[str, Form(max_length=200)]], Form(max_length=1000)] = [],  # noqa: B006
) -> Naming:
    return Naming(conn, who, (), new)


Names = Annotated[Naming, Depends(_of_query)]
"""The dependency that looks up the names of an API request."""
FormNames = Annotated[Naming, Depends(_of_form)]
"""The dependency that looks up the names of a form."""
