"""Reads TOML files as people write them; the error about an invalid one is a sentence that fits on a screen."""

import tomllib
from pathlib import Path
from typing import Any

_MOST = 800
"""The most characters of a sentence; a file's content may be of any length."""


class NotToml(ValueError):
    """A file that cannot be read as TOML; ``problem`` says why, without its name, ``is_read`` whether it is a file."""

    def __init__(self, problem: str, *, is_read: bool = True) -> None:
        super().__init__(problem)
        self.problem, self.is_read = problem, is_read


def read(path: Path) -> dict[str, Any]:
    """Return the content of a file. A byte order mark, which some editors write, is skipped. Raises NotToml."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise NotToml("there is no such file", is_read=False) from None
    except OSError as error:
        raise NotToml(f"cannot be read ({error.strerror})", is_read=False) from None
    except RecursionError:
        raise NotToml("is not TOML: it is nested too deep") from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise NotToml(f"is not TOML: {error}") from None


def shortened(problem: str) -> str:
    """Return a sentence in printable characters, with the middle left out if it is long."""
    if len(problem) > _MOST:
        problem = f"{problem[: _MOST // 2]} … {problem[-_MOST // 2 :]}"
    return problem.replace("\0", "\\0").encode(errors="backslashreplace").decode()
