"""What the log says, line by line, and what a client cannot make it say."""

import pytest

from ingest.broker.broker_log import MOST_OPENED, Attempt, LogReader, Outcome

A, B = "10.0.0.7:5001", "10.0.0.8:5002"


def of(address: str) -> str:
    return f"1795756772: New connection from {address} on port 8883."


def came(address: str, name: str, user: str) -> str:
    return f"1795756772: New client connected from {address} as {name} (p2, c1, k60, u'{user}')."


REFUSED = "1795756773: Client <unknown> disconnected, not authorised."
CERTIFICATE = "1795756774: OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate"
CASES = {
    "our own or another's connection": ([came(A, "s", "e")], [Attempt(Outcome.IN_SESSION, "s", "e", A)]),
    "a wrong password": ([of(A), REFUSED], [Attempt(Outcome.REFUSED, None, None, A)]),
    "of two the one that did not come in": (
        [of(A), of(B), came(B, "gw", "gw"), REFUSED],
        [Attempt(Outcome.REFUSED, None, None, A)],
    ),
    "a refused id that is said": (
        [of(A), "Client s disconnected, not authorised."],
        [Attempt(Outcome.REFUSED, "s", None, A)],
    ),
    "no certificate": (
        [of(A), CERTIFICATE, "1: Client <unknown> disconnected: Protocol error.", of(B), REFUSED],
        [Attempt(Outcome.REFUSED, None, None, A), Attempt(Outcome.REFUSED, None, None, B)],
    ),
    "a device that asks for the engine's name": (
        [came(A, "engine", "gw")],
        [Attempt(Outcome.OTHER_ACCOUNT, "engine", "gw", A)],
    ),
    "a session under another account": ([came(A, "s", "gw")], [Attempt(Outcome.IN_SESSION, "s", "gw", A)]),
    "a device of its own name": ([of(A), came(A, "gw", "gw")], []),
    "a name that looks like a line": ([came(A, "x as s (p2, c1, k60, u'e').", "gw")], []),
    "a name that looks like a refusal": ([f"Client {of(B)} disconnected."], []),
    "a probe of the port": ([of(A), "1: Client <unknown> closed its connection."], []),
}


@pytest.mark.parametrize(("lines", "said"), CASES.values(), ids=CASES.keys())
def test_a_line_says_who_tried(lines: list[str], said: list[Attempt]) -> None:
    reader = LogReader({"s"}, {"engine"}, "e")
    assert [each for each in map(reader.read, lines) if each is not None] == said


def test_connections_that_say_nothing_are_remembered_within_a_bound() -> None:
    reader = LogReader({"s"}, {"engine"}, "e")
    for number in range(MOST_OPENED + 50):
        reader.read(of(f"10.0.0.7:{number}"))
    assert len(reader._opened) == MOST_OPENED
