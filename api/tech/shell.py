"""The files of the app, and its service worker, which knows them by one version: a digest of all of them."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from api.language.catalogues import LANGUAGES, language
from api.tech import texts
from workorder_core.language import speaking

FOLDER = Path(__file__).parent / "static"
AT = "/tech"
_WORKER, _PAGE = "worker.js", "index.html"
_SHIPPED = {".js", ".css", ".png", ".svg"}


@dataclass(frozen=True, slots=True)
class Shell:
    """What a browser keeps of the app to open it without a network.

    Parameters
    ----------
    version
        Another one for any other content.
    addresses
        Everything that is kept, the page first.
    worker
        The service worker with both filled in.
    """

    version: str
    addresses: tuple[str, ...]
    worker: str
    page: str


@cache
def shell() -> Shell:
    """Return the app's shell, read from the folder once for each process."""
    files = sorted(
        path
        for path in FOLDER.rglob("*")
        if path.suffix in _SHIPPED and not (path.parent == FOLDER and path.name == _WORKER)
    )
    texts_of = {code: json.dumps(said(code), sort_keys=True).encode() for code in sorted(LANGUAGES)}
    page, worker = ((FOLDER / name).read_text(encoding="utf-8") for name in (_PAGE, _WORKER))
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(FOLDER)).encode() + b"\0" + path.read_bytes() + b"\0")
    for content in (page.encode(), worker.encode(), *texts_of.values()):
        digest.update(content + b"\0")
    version = digest.hexdigest()[:12]
    addresses = (
        f"{AT}/",
        f"{AT}/manifest.webmanifest",
        *(f"{AT}/texts/{code}.json" for code in texts_of),
        *(f"{AT}/app/{path.relative_to(FOLDER).as_posix()}" for path in files),
    )
    page, worker = (each.replace('"VERSION"', json.dumps(version)) for each in (page, worker))
    return Shell(version, addresses, worker.replace('["ADDRESSES"]', json.dumps(addresses)), page)


@cache
def said(code: str) -> dict[str, object]:
    """Return what the app says in a language, by name; ``codes`` has the words of codes."""
    with speaking(language(code)):
        return texts.all_of_them()
