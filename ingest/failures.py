"""How errors that nobody has foreseen are put into the log: each kind once in full, so that many cost little."""

import traceback

_MOST_KINDS = 200
_told: set[tuple[str, str, int]] = set()


def traced(error: BaseException) -> str | None:
    """Return the whole of an error, the first time that one of its kind comes from its line; None from then on."""
    frames = traceback.extract_tb(error.__traceback__)
    where = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
    kind = (type(error).__name__, *where)
    if kind in _told or len(_told) >= _MOST_KINDS:
        return None
    _told.add(kind)
    return "".join(traceback.format_exception(error)).rstrip()
