"""TOML files as people write them, and what is said of one that cannot be used: a sentence that fits on a screen."""

import tomllib
from pathlib import Path
from typing import Any

_MOST = 800
"""Characters of a sentence; what was written in a file may be of any length."""


class NotToml(ValueError):
    """A file that cannot be read as TOML; ``problem`` says why, without its name, ``is_read`` whether it is a file."""

    def __init__(self, problem: str, *, is_read: bool = True) -> None:
        super().__init__(problem)
        self.problem, self.is_read = problem, is_read


def read(path: Path) -> dict[str, Any]:
    """Return what a file says. A byte order mark, as some editors write it, is passed over. Raises NotToml."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise NotToml("there is no such file", is_read=False) from None
    except OSError as error:
        raise NotToml(f"cannot be read ({error.strerror})", is_read=False) from None
    except RecursionError:
        raise NotToml("is not TOML: it is nested too deep") from None
    except ValueError as error:  # no TOML, no UTF-8, or a number of thousands of digits
        raise NotToml(f"is not TOML: {error}") from None


def shortened(problem: str) -> str:
    """Return a sentence with the middle left out where it is long, in characters that can be printed."""
    if len(problem) > _MOST:
        problem = f"{problem[: _MOST // 2]} … {problem[-_MOST // 2 :]}"
    return problem.replace("\0", "\\0").encode(errors="backslashreplace").decode()
