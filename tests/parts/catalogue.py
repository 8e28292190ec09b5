"""The catalogues' upkeep: ``./run catalog`` brings the files of ``api/locale`` up to date, and says what lacks.

Texts are found in templates (``_("…")``, ``{% trans %}``), in Python that imports ``workorder_core.language``, and in
papers (``say("…")``); the words of codes are those of the enums below. An entry stays in the file that it is in; a new
one goes to the file of its first source's subject. Files are sorted and name no lines, so that branches merge.
"""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from api.language.catalogues import LANGUAGES, LOCALE, read
from api.papers.columns import COLUMN, OWN_HEADERS
from api.papers.lists import LISTS
from tests.parts.coded import CODED
from workorder_core.language import CODES

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "api/board/templates"
PAPERS = ROOT / "api/papers/templates"
MARKS: dict[str, tuple[object, ...] | None] = {
    "_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_SENTENCES: dict[str, tuple[int, ...] | None] = {"say": None, "kept": None, "marked": None}
"""The marks of ``workorder_core.sentences``: their facts are in braces."""
_KINDS = re.compile(rb'\b(?:NotFound|AlreadyExists)\(\s*"([^"]+)"')
"""What a thing is called that is not there, or that is there already: a code."""
_OPTIONS = {"extensions": "jinja2.ext.i18n", "trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
_SAID = re.compile(r'\bsay\("((?:[^"\\]|\\.)+)"')
_FILLED = re.compile(r"%\(\w+\)[-+ 0]?[\d.]*[a-z]|%%|\{\w*(?:![rs])?(?::[^}]*)?\}|</?\w+[^>]*>")
_SUBJECTS = {
    "orders": "order orders my_requests my_work new_order plan_step late try_as",
    "plant": "asset assets location signal devices quarantine files labels label costs",
    "alarms": "alarms alarm_metrics alarm_history alarm_rules shadow",
    "access": "access login password changes change_log",
    "notifying": "notifications outbox receiver my_calendars",
    "engine": "engine api_docs",
}
_OF_ROOM = {"judge": "findings", "rules": "findings", "ingest": "tables"}
_OF_TEMPLATE = {name: subject for subject, names in _SUBJECTS.items() for name in names.split()}

Key = tuple[str | None, str]
"""An entry's context and its English text, the singular of a plural."""


@dataclass(slots=True)
class Marked:
    """A text that is marked somewhere: ``id`` is a pair for plurals."""

    id: str | tuple[str, str]
    context: str | None
    sources: list[str] = field(default_factory=list)


@cache
def marked() -> dict[Key, Marked]:
    """Return every text that is marked, by what it is known by."""
    found: dict[Key, Marked] = {}
    for source, context, text in [
        *_of_templates(),
        *_of_python(),
        *_of_sentences(),
        *_of_papers(),
        *_of_codes(),
        *_of_columns(),
    ]:
        entry = found.setdefault((context, text if isinstance(text, str) else text[0]), Marked(text, context))
        if isinstance(text, tuple):
            entry.id = text
        entry.sources.append(source)
    return found


def _of_templates() -> Iterator[tuple[str, str | None, str | tuple[str, str]]]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, function, text, _ in babel_extract(file, tuple(MARKS), (), _OPTIONS):
                if any(isinstance(each, str) for each in (text if isinstance(text, tuple) else (text,))):
                    yield _named(path), *_read(function, text if isinstance(text, tuple) else (text,))


def _read(function: str | None, texts: tuple[str | None, ...]) -> tuple[str | None, str | tuple[str, str]]:
    said = [each for each in texts if isinstance(each, str)]
    context = said.pop(0) if function in ("pgettext", "npgettext") else None
    return context, (said[0], said[1]) if function in ("ngettext", "npgettext") else said[0]


def _of_python() -> Iterator[tuple[str, str | None, str | tuple[str, str]]]:
    for path in _modules():
        content = path.read_bytes()
        if b"workorder_core.language import" not in content and b"import language" not in content:
            continue
        for _, text, _, context in extract("python", io.BytesIO(content), keywords=MARKS):  # type: ignore[arg-type]
            yield _named(path), context, text if isinstance(text, str) else (text[0], text[1])


def _of_sentences() -> Iterator[tuple[str, str | None, str]]:
    for path in _modules():
        content = path.read_bytes()
        yield from ((_named(path), CODES, found.decode().replace("_", " ")) for found in _KINDS.findall(content))
        if b"workorder_core.sentences import" in content:
            for _, text, _, _ in extract("python", io.BytesIO(content), keywords=_SENTENCES):
                yield _named(path), None, text if isinstance(text, str) else text[0]


def _modules() -> Iterator[Path]:
    for room in ("workorder_core", "ingest", "models", "rules", "judge", "db", "api", "runtime"):
        yield from sorted((ROOT / room).rglob("*.py"))


def _of_papers() -> Iterator[tuple[str, str | None, str | tuple[str, str]]]:
    for path in sorted(PAPERS.rglob("*.typ")):
        for said in _SAID.findall(path.read_text(encoding="utf-8")):
            yield _named(path), None, said.replace('\\"', '"')


def _of_codes() -> Iterator[tuple[str, str | None, str | tuple[str, str]]]:
    for words in CODED.values():
        for word in words:
            yield "words", CODES, word


def _of_columns() -> Iterator[tuple[str, str | None, str]]:
    headers = {column.header for file in LISTS.values() for column in file.columns}
    yield from (("columns", COLUMN, header) for header in [*OWN_HEADERS, *headers])


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def subject(source: str) -> str:
    """Return which file a text of a source belongs in, where none has it yet.

    >>> subject("api/board/templates/runs/one.html"), subject("api/board/templates/order.html"), subject("words")
    ('runs', 'orders', 'words')
    """
    if source in ("words", "columns"):
        return source
    for beginning in ("api/board/templates/", "api/board/", "api/routers/", "workorder_core/", "runtime/", "db/"):
        if source.startswith(beginning):
            folder, _, rest = source.removeprefix(beginning).partition("/")
            if rest:
                return folder
            return _OF_TEMPLATE.get(folder.partition(".")[0], "pages")
    if source.startswith("ingest/") and not source.startswith("ingest/tables/"):
        return "quarantine"
    if source.startswith("api/tech/"):
        return "tech"
    return "papers" if source.startswith("api/papers/") else _OF_ROOM.get(source.partition("/")[0], "pages")


def entries(code: str) -> Iterator[tuple[Path, Message]]:
    """Yield the entries of a language, with the files that they are in."""
    for path, catalogue in read(code):
        for message in catalogue:
            if message.id:
                yield path, message


def key(message: Message) -> Key:
    """Return by what an entry is known."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def update(code: str) -> None:
    """Bring the files of a language up to what is marked: new entries without a translation, unused ones dropped."""
    files: dict[Path, Catalog] = {}
    strings = {}
    there: dict[Key, Path] = {}
    for path, message in entries(code):
        files.setdefault(path, Catalog(locale=code))
        there.setdefault(key(message), path)
        if any(_strings(message)) or key(message) not in strings:
            strings[key(message)] = message.string
    for known, text in marked().items():
        path = there.get(known) or LOCALE / code / f"{subject(text.sources[0])}.po"
        string = strings.get(known, "")
        if isinstance(text.id, tuple) and isinstance(string, str):
            string = (string, "")
        files.setdefault(path, Catalog(locale=code)).add(text.id, string, context=text.context)
    (LOCALE / code).mkdir(parents=True, exist_ok=True)
    for path, catalogue in files.items():
        path.write_bytes(written(code, catalogue))
        if not len(catalogue):
            path.unlink()


def written(code: str, catalogue: Catalog) -> bytes:
    head = (
        f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: {code}\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    body = io.BytesIO()
    for message in catalogue:
        message.flags.clear()
    write_po(body, catalogue, width=0, omit_header=True, sort_output=True)
    return head.encode() + body.getvalue().rstrip() + b"\n"


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def untranslated(code: str) -> list[str]:
    """Return the marked texts that a language lacks, each with where it is."""
    there = {key(message): message for _, message in entries(code)}
    return [
        f"{text.sources[0]}: {text.id!r}"
        for known, text in marked().items()
        if known not in there
        or not all(_strings(there[known]))
        or isinstance(text.id, tuple) is isinstance(there[known].id, str)
    ]


def unused(code: str) -> list[str]:
    """Return the entries of a language that nothing marks, or that two files have."""
    seen = set[Key]()
    found = []
    for path, message in entries(code):
        if key(message) not in marked() or key(message) in seen:
            found.append(f"{path.name}: {message.id!r}")
        seen.add(key(message))
    return found


def _facts(text: str) -> list[str]:
    """Return what a text is filled with and its elements; how a fact in braces is written is the language's own."""
    return sorted(re.sub(r"^\{(\w+)[^}]*\}$", r"{\1}", each) for each in _FILLED.findall(text))


def different(code: str) -> list[str]:
    """Return the entries whose two texts are not filled with the same facts, or have other elements of HTML in them."""
    found = []
    for path, message in entries(code):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = _facts(ids[-1])
        # The singular may leave its number out, or the other way round.
        fine = [wanted, _facts(ids[0])]
        found += [
            f"{path.name}: {message.id!r} → {said!r}" for said in _strings(message) if said and _facts(said) not in fine
        ]
    return found


def main() -> int:
    """Update every language and say what it lacks."""
    lacking = 0
    for code in LANGUAGES:
        if code == "en":
            continue
        update(code)
        for each in (missing := untranslated(code)):
            sys.stdout.write(f"{code}: not translated: {each}\n")
        for each in (other := different(code)):
            sys.stdout.write(f"{code}: filled otherwise: {each}\n")
        lacking += len(missing) + len(other)
        sys.stdout.write(f"{code}: {len(marked())} texts, {len(missing)} of them not translated\n")
    return int(lacking > 0)


if __name__ == "__main__":
    sys.exit(main())
