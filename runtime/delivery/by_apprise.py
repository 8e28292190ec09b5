"""Sends one message by the library apprise, which speaks to about a hundred services. It is an optional extra."""

import importlib
from dataclasses import dataclass
from types import ModuleType

from workorder_core.notifying.attempts import Fault, Outcome
from workorder_core.notifying.letters import Letter
from workorder_core.sentences import kept

NOT_INSTALLED = "the library apprise is not installed: who runs the server installs plantwright[apprise]"


@dataclass(frozen=True, slots=True)
class Services:
    """The kinds of services, as the schemes of their addresses, that people may use: ``tgram``, ``slack``."""

    allowed: frozenset[str]

    def send(self, address: str, letter: Letter, *, urgent: bool) -> Outcome:
        """Send a message once; every problem becomes an outcome. The address has secrets: no outcome repeats it."""
        scheme = address.partition("://")[0].lower()
        if scheme not in self.allowed:
            return Outcome(
                Fault.OWN, kept("{scheme} is no service of the setting apprise_services", scheme=scheme[:40])
            )
        library = _library()
        if library is None:
            return Outcome(Fault.OWN, NOT_INSTALLED)
        client = library.Apprise()
        if not client.add(address):
            return Outcome(Fault.FINAL, kept("apprise does not understand the address"))
        body = "\n".join((*letter.lines, *([letter.link] if letter.link else [])))
        kind = library.NotifyType.FAILURE if urgent else library.NotifyType.INFO
        if client.notify(title=letter.subject, body=body, notify_type=kind):
            return Outcome(None, kept("the service has accepted it"))
        return Outcome(Fault.PASSING, kept("the service has not accepted it"))


def _library() -> ModuleType | None:
    try:
        return importlib.import_module("apprise")
    except ImportError:
        return None
