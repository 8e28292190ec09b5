"""Turns foreign names into codes of sites and assets, and names of signals. Different names never become one.

A valid name is kept as it is. Invalid characters become ``_``, and letters lose their accents. If more had to be
dropped or cut, or if another name has the code already, a short hash of the whole name is appended.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ingest import border
from ingest.border import Bad
from ingest.messages import Reason
from workorder_core.sentences import kept

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SIGNAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}")
_NO_CODE = re.compile(r"[^A-Za-z0-9_.-]+")
_NO_SIGNAL = re.compile(r"[^A-Za-z0-9_.:/ -]+")
_AROUND = " \t\r\n()[]{}\"'?!"
"""Characters around a name that are dropped without a hash."""
_HASH = 6
"""Hexadecimal digits of the hash at the end of a name."""
_LONGER = (_HASH, 12, 24, 48)
"""Digits of the hash, where a shorter one is another name's already."""
_LIKE_HASHED = re.compile(f".*-(?:{'|'.join(f'[0-9a-f]{{{digits}}}' for digits in _LONGER)})")
_LONGEST = 200
"""The most characters of a foreign name that are stored; a longer one is stored by its hash."""
MOST_BYTES = 128 << 20
"""The most memory for all names, roughly. Beyond it, names that had to be changed get the hash at once."""
_CUT = "\x1f"
"""Precedes the ends of the names from which a name is joined."""
_LOCATIONS = "/"
"""Stands for an asset's code in the names of locations: no asset has this name."""
_OF_ENTRY = 200
"""Bytes that a name costs besides its characters, roughly."""

Owned = tuple[str, str, str, str]
"""Site, asset and signal (empty: the asset, or the site, itself) and the foreign name that owns it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A name joined from several, and where each ends: other parts that join to the same text are another name."""

    text: str
    ends: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.text}{_CUT}{','.join(map(str, self.ends))}"


Name = str | Joined


def _text(name: Name) -> str:
    return name.text if isinstance(name, Joined) else name


def is_code(name: str) -> bool:
    """Return whether a name is a valid code of a site or an asset."""
    return _CODE.fullmatch(name) is not None


def code(name: str) -> str:
    """Return the site, asset or location code for a foreign name: ``Pumpe 1 (Süd)`` is ``Pumpe_1_Sud``.

    Raises Bad if nothing of it can be used.
    """
    made = _made(name.replace("/", "."), name, _CODE, _NO_CODE, 64)
    if not made:
        raise Bad(
            Reason.WRONG_TOPIC,
            kept("{name!r} makes no code of up to 64 letters, digits and _ . -; map it", name=name[:80]),
        )
    return made


def signal(name: str) -> str:
    """Return the signal's name for a foreign name. Raises Bad if nothing of it can be used."""
    return _made(name, name, _SIGNAL, _NO_SIGNAL, 128) or border.signal(name)


def _made(text: str, whole: str, usable: re.Pattern[str], unusable: re.Pattern[str], most: int) -> str:
    text = text.strip(_AROUND)
    if usable.fullmatch(text):
        return text
    letters = [sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)]
    kept = "".join(sign for sign in letters if sign.isascii()).strip(_AROUND)
    body = unusable.sub("_", kept)
    begin = next((i for i, sign in enumerate(body) if sign.isalnum()), len(body))
    made = body[begin:]
    if unusable.fullmatch(kept[-1:]):
        made = made.rstrip("_")
    if not made:
        return ""
    ends = begin > 0 or bool(unusable.fullmatch(kept[-1:]))
    return made if len(made) <= most and len(kept) == len(text) and not ends else hashed(made, whole, most)


def hashed(made: str, name: str, most: int, digits: int = _HASH) -> str:
    """Append a hash of the whole name to what it has become."""
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:digits]
    return f"{made[: most - digits - 1]}-{digest}"


class Names:
    """The codes and signals that foreign names own: first come, first served, permanently.

    ``owned`` are the committed ones. The new names of a batch wait to be stored with it.
    """

    def __init__(self, owned: Iterable[Owned] = ()) -> None:
        self._owners: dict[tuple[str, str], dict[str, str]] = {}
        self._new: list[Owned] = []
        self.bytes = 0
        for site, asset, of_signal, name in owned:
            key, made = ((site, asset), of_signal) if of_signal else ((site, ""), asset)
            self._remember(key, made, name)

    def asset(self, site: Name, asset: Name) -> tuple[str, str]:
        """Return the codes of a site and an asset by their foreign names. Raises Bad."""
        site_code = self._one(("", ""), site, code(_text(site)), 64)
        return site_code, self._one((site_code, ""), asset, code(_text(asset)), 64)

    def location(self, site: str, name: Name) -> str:
        """Return the code of a location by its foreign name, at the site with that code. Raises Bad."""
        return self._one((site, _LOCATIONS), name, code(_text(name)), 64)

    def signal(self, asset: tuple[str, str], name: Name) -> str:
        """Return the signal of an asset by its foreign name. Raises Bad."""
        return self._one(asset, name, signal(_text(name)), 128)

    def sole_signal(self, asset: tuple[str, str], name: str) -> str:
        """Return the signal of an asset by its foreign name. Raises Bad if another name owns that signal."""
        made = signal(name)
        owner = self._owners.get(asset, {}).get(made)
        if owner is None:
            if self._own(asset, made, _remembered(name)) or _is_sole(made, name):
                return made
            raise Bad(
                Reason.WRONG_SIGNAL,
                kept("{name!r}: too many names to store; rename it to {made!r}", name=name[:80], made=made),
            )
        if owner not in (name, _remembered(name)):
            raise Bad(
                Reason.WRONG_SIGNAL,
                kept(
                    "{name!r} and {owner!r} both make the signal {made!r}", name=name[:80], owner=owner[:80], made=made
                ),
            )
        return made

    def new(self) -> list[Owned]:
        """Return, once, the names to store."""
        new, self._new = self._new, []
        return new

    def _one(self, key: tuple[str, str], name: Name, made: str, most: int) -> str:
        whole, remembered, owners = str(name), _remembered(name), self._owners.get(key, {})
        for candidate in (made, *(hashed(made, whole, most, digits) for digits in _LONGER)):
            owner = owners.get(candidate)
            if owner is None:
                if self._own(key, candidate, remembered) or candidate != made or _is_sole(made, whole):
                    return candidate
            elif owner == remembered or (owner == whole and _CUT not in whole):
                return candidate
            elif candidate == made and _is_same_text(owner, remembered):
                if _CUT not in owner:  # it was remembered by a version that did not record where it ends
                    self._own(key, candidate, remembered)
                return candidate
        told = _text(name)[:80]
        raise Bad(Reason.WRONG_SIGNAL, kept("{told!r}: every name that it could become is taken; map it", told=told))

    def _own(self, key: tuple[str, str], made: str, remembered: str) -> bool:
        """Record the owner of a new name, if there is room."""
        if self.bytes > MOST_BYTES:
            return False
        self._remember(key, made, remembered)
        site, asset = key
        self._new.append((site, asset, made, remembered) if asset else (site, made, "", remembered))
        return True

    def _remember(self, key: tuple[str, str], made: str, name: str) -> None:
        self._owners.setdefault(key, {})[made] = name
        self.bytes += _OF_ENTRY + len(made) + (0 if made == name else len(name))


def _is_same_text(one: str, other: str) -> bool:
    """Return whether two names have the same text, and only one of them says where its parts end."""
    return (_CUT in one) is not (_CUT in other) and one.partition(_CUT)[0] == other.partition(_CUT)[0]


def _is_sole(made: str, name: str) -> bool:
    """Return whether no other name can become this one, without a record."""
    return made == name and not _LIKE_HASHED.fullmatch(made)


def _remembered(name: Name) -> str:
    if isinstance(name, Joined):
        return str(Joined(_remembered(name.text), name.ends))
    text = name.encode(errors="replace").decode().replace("\0", "\ufffd").replace(_CUT, "\ufffd")
    if len(text) <= _LONGEST and text == name:
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{text[: _LONGEST - 65]} {digest}"
