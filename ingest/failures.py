"""Logs unexpected errors: each kind once with its traceback, so that many cost little."""

import traceback

_MOST_KINDS = 200
_logged: set[tuple[str, str, int]] = set()


def traced(error: BaseException) -> str | None:
    """Return the traceback the first time that an error of this type is raised at its line; None after that."""
    frames = traceback.extract_tb(error.__traceback__)
    where = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
    kind = (type(error).__name__, *where)
    if kind in _logged or len(_logged) >= _MOST_KINDS:
        return None
    _logged.add(kind)
    return "".join(traceback.format_exception(error)).rstrip()
