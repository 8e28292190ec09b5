"""A person's own channels and settings, bounded by the policies of the sites that they see. The caller owns the
transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from db.errors import StoreError
from db.events import receivers
from db.events.receivers import Receiver
from db.notifying import policies
from db.plant import plant
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice
from workorder_core.notifying.policies import NO_POLICY, Policy
from workorder_core.sentences import say

OTHERS = (Channel.BANNER, Channel.NTFY, Channel.APPRISE)
"""The channels beside e-mail."""


class NotToBeChosen(StoreError):
    """A choice that the policies do not allow. ``field`` names the channel, or ``off``."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


@dataclass(frozen=True, slots=True)
class Bounds:
    """The policies of the sites that a person sees, by site; one without a policy has the empty one."""

    policies: Mapping[str, Policy]

    def forbids(self, choice: Choice, channel: Channel) -> bool:
        """Whether every site forbids a kind of news by a channel; where only some do, only their news is not sent."""
        return bool(self.policies) and all(channel in each.rule(choice).forbidden for each in self.policies.values())

    def compels(self, choice: Choice) -> list[str]:
        """Return the sites that send a kind of news to some people who cannot switch it off."""
        return [site for site, each in self.policies.items() if each.rule(choice).compulsory and each.rule(choice).to]

    def sends(self, choice: Choice) -> dict[str, tuple[str, ...]]:
        """Return by site to whom it sends a kind of news without their choosing it."""
        return {site: each.rule(choice).to for site, each in self.policies.items() if each.rule(choice).to}


def bounds(conn: Connection, within: Collection[str] | None) -> Bounds:
    """Return the bounds of somebody who sees these sites; None: all."""
    known = policies.in_force(conn)
    return Bounds({each.code: known.get(each.code, NO_POLICY) for each in plant.sites(conn, within)})


def check(found: Bounds, channel: Channel, choices: Collection[Choice]) -> None:
    """Raise NotToBeChosen if a choice is forbidden by a channel."""
    for each in choices:
        if found.forbids(each, channel):
            problem = say("the plant's policy forbids this by {channel}: {choice}", channel=channel, choice=each.label)
            raise NotToBeChosen(channel.value, problem)


def check_off(found: Bounds, off: Collection[Choice]) -> None:
    """Raise NotToBeChosen if something is switched off that every site makes compulsory."""
    for each in off:
        if found.policies and len(found.compels(each)) == len(found.policies):
            raise NotToBeChosen("off", say("the plant's policy makes this compulsory: {choice}", choice=each.label))


def channels(conn: Connection, user: str) -> dict[Channel, Receiver]:
    """Return a person's channels beside e-mail."""
    found = {channel: receivers.of_user(conn, user, channel) for channel in OTHERS}
    return {channel: each for channel, each in found.items() if each is not None}


def ask_for_test(conn: Connection, user: str, channel: Channel, *, actor: str, at: datetime) -> None:
    """Send a test message to oneself by a channel; a banner needs no choice before. Raises NotToBeChosen."""
    found = receivers.of_user(conn, user, channel)
    if found is None and channel is Channel.BANNER:
        number = receivers.choose(conn, user, "", (), actor=actor, at=at, channel=channel)
    elif found is None:
        raise NotToBeChosen(channel.value, say("there is no address for {channel} yet", channel=channel))
    else:
        number = found.id
    receivers.ask_for_test(conn, number, actor=actor, at=at)
