"""Who asks, where proxies stand before the application: forwarded headers are believed of named proxies only."""

import pytest
from starlette.datastructures import Headers

from api.addresses import Proxies
from api.forwarded import Hop, read_forwarded, read_x_forwarded, resolve

NAMED = Proxies(["10.0.0.0/8", "::1"])
PROXY, STRANGER, PERSON = "10.0.0.1", "203.0.113.9", "198.51.100.7"


def headers(text: str) -> Headers:
    lines = [line.partition(":") for line in text.splitlines()]
    return Headers(raw=[(name.strip().encode(), value.strip().encode()) for name, _, value in lines])


X_FORWARDED = {
    "one proxy that sets all three": (
        f"x-forwarded-for: {PERSON}\nx-forwarded-proto: https\nx-forwarded-host: plant.example",
        Hop(PERSON, "https", "plant.example"),
    ),
    "what the person wrote before the proxy is not theirs to say": (
        f"x-forwarded-for: 127.0.0.1, {PERSON}\nx-forwarded-proto: https",
        Hop(PERSON, "https"),
    ),
    "each proxy appends, and the person wrote one of each": (
        f"x-forwarded-for: 127.0.0.1, {PERSON}\nx-forwarded-proto: https, http\nx-forwarded-host: evil, plant.example",
        Hop(PERSON, "http", "plant.example"),
    ),
    "two proxies in a row": (f"x-forwarded-for: {PERSON}, 10.0.0.2\nx-forwarded-proto: https", Hop(PERSON, "https")),
    "several lines of one header": (f"x-forwarded-for: 8.8.8.8\nx-forwarded-for: {PERSON}", Hop(PERSON)),
    "only the scheme": ("x-forwarded-proto: https", Hop(PROXY, "https")),
    "no address": ("x-forwarded-for: unknown\nx-forwarded-proto: https", Hop(PROXY, "https")),
    "an address with a port": (f"x-forwarded-for: {PERSON}:4711", Hop(PERSON)),
    "an IPv6 address with a port": ("x-forwarded-for: [2001:db8::7]:4711", Hop("2001:db8::7")),
    "a scheme that nobody speaks": ("x-forwarded-proto: gopher", Hop(PROXY)),
    "a host with a line break's worth of nonsense": ("x-forwarded-host: plant.example/ path", Hop(PROXY)),
    "nothing": ("accept: text/html", Hop(PROXY)),
    "the other family": (f"forwarded: for={PERSON};proto=https", Hop(PROXY)),
}


@pytest.mark.parametrize(("text", "real"), X_FORWARDED.values(), ids=X_FORWARDED)
def test_x_forwarded_headers_of_a_named_proxy_say(text: str, real: Hop) -> None:
    assert resolve(read_x_forwarded(headers(text)), PROXY, NAMED) == real


FORWARDED = {
    "one proxy": (f"forwarded: for={PERSON};proto=https;host=plant.example", Hop(PERSON, "https", "plant.example")),
    "quoted, in other letters, with a port": (
        'forwarded: For="[2001:db8::7]:4711";Proto=HTTPS;host="plant.example:8443"',
        Hop("2001:db8::7", "https", "plant.example:8443"),
    ),
    "what the person wrote before the proxy": (
        f"forwarded: for=127.0.0.1;proto=https, for={PERSON};proto=http",
        Hop(PERSON, "http"),
    ),
    "a comma within quotes is none": (f'forwarded: for="a, for=127.0.0.1", for={PERSON}', Hop(PERSON)),
    "hidden": ("forwarded: for=_hidden;proto=https", Hop(PROXY, "https")),
    "broken": (f'forwarded: for={PERSON};proto="https', Hop(PROXY)),
    "the other family": (f"x-forwarded-for: {PERSON}", Hop(PROXY)),
}


@pytest.mark.parametrize(("text", "real"), FORWARDED.values(), ids=FORWARDED)
def test_the_header_forwarded_of_a_named_proxy_says(text: str, real: Hop) -> None:
    assert resolve(read_forwarded(headers(text)), PROXY, NAMED) == real


def test_nobody_else_is_believed() -> None:
    hops = read_x_forwarded(headers("x-forwarded-for: 127.0.0.1\nx-forwarded-proto: https\nx-forwarded-host: evil"))
    assert resolve(hops, STRANGER, NAMED) == Hop(STRANGER)


def test_proxies_are_addresses_and_networks() -> None:
    inside = ("10.200.3.4", "::ffff:10.0.0.1", "::1")
    assert [each for each in (*inside, "11.0.0.1", "::2", "", "plant.example") if each in NAMED] == list(inside)
    with pytest.raises(ValueError, match="neither an address nor a network"):
        Proxies(["*"])
