"""Who answers for a finding: a person of the plant. No clock, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from workorder_core.sentences import joined, say

_NAMED = 8
"""How many people an error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A person who can answer for findings of a site: a user, a technician, or one who is both.

    Parameters
    ----------
    name
        Their full name, for people.
    user
        The name by which they sign in; None: a technician who does not.
    technician, technician_id
        Their code among the site's technicians, and its id; None: a user who is none.
    """

    name: str
    user: str | None = None
    technician: str | None = None
    technician_id: int | None = None

    @property
    def code(self) -> str:
        """What a form or a program writes for them."""
        return self.user or self.technician or ""


class UnknownOwner(Exception):
    """Nobody of the site is called so, or several people are."""

    def __init__(self, words: str, site: str, known: Sequence[Owner]) -> None:
        those = joined(f"{each.code} ({each.name})" for each in known[:_NAMED])
        super().__init__(
            say(
                "{words!r} is no user or technician of {site}: write the name by which they sign in, or the "
                "technician's code, such as {known}",
                words=words,
                site=site,
                known=those,
            )
            if known
            else say(
                "{words!r} is no user or technician of {site}, which has none yet: add one", words=words, site=site
            )
        )
        self.words, self.site = words, site


def meant(words: str, site: str, people: Sequence[Owner]) -> Owner:
    """Return the person whom words mean: a user's name, a technician's code, or a full name that only one has.

    Raises UnknownOwner.
    """
    said = " ".join(words.split())
    for each in people:
        if said in (each.user, each.technician):
            return each
    named = [each for each in people if each.name.casefold() == said.casefold()]
    if len(named) != 1:
        raise UnknownOwner(said, site, named or people)
    return named[0]
