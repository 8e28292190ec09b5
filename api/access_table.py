"""The roles that each path admits, read from the routes themselves: the table of docs/access.md."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.asking import Needs
from workorder_core.people import contractors
from workorder_core.people.access import Role


def needed(app: FastAPI) -> Iterator[tuple[str, str, Needs | None]]:
    """Yield every route of an application with its requirement; None admits everybody."""
    for route in iter_route_contexts(app.routes):
        if route.path in ("/static", "/r", "/tech/app"):  # files, and the portal, which is open to everybody
            continue
        found = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needs)]
        for method in sorted(route.methods or ()):
            yield method, str(route.path), found[0] if found else None


def markdown(app: FastAPI) -> str:
    """Return the table: a row per path, a column per role, and whether it concerns every site or is
    open to contractors."""
    columns = [role.value.replace("_", " ") for role in Role]
    lines = [f"| | {' | '.join(columns)} | |", f"| --- |{' :-: |' * len(columns)} --- |"]
    for method, path, needs in sorted(needed(app), key=lambda row: (not row[1].startswith("/api/"), row[1], row[0])):
        if needs is None:
            lines.append(f"| `{method} {path}` |{' ✓ |' * len(columns)} without signing in |")
            continue
        opens = [" ✓ |" if role is Role.ADMINISTRATOR or role in needs.roles else "  |" for role in Role]
        notes = "every site" if needs.every_site else "contractors" if contractors.may_call(f"{method} {path}") else ""
        lines.append(f"| `{method} {path}` |{''.join(opens)} {notes} |")
    return "\n".join(lines)


if __name__ == "__main__":
    from api.app import create

    print(markdown(create(None, keys={})))  # type: ignore[arg-type]
