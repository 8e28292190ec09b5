"""Tools: the list, who has them, and when they are due back."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import HANDLES_STOCK, KEEPS_STOCK, SEES, Asking, Conn, Now
from api.asking import Why as BecauseOf
from api.once import OnlyOnce
from api.paging import At, Id, Order, Paged, PagedByFifty, Text
from api.shapes.inventory.tools import GiveBackIn, LendIn, LoanOut, ToolChange, ToolIn, ToolOut
from db.inventory import tools
from db.inventory.tools import Loan, Tool
from db.plant import plant

router = APIRouter(tags=["tools"])
NEVER = datetime(tools.NEVER_YEAR, 12, 31, tzinfo=UTC)
DUE_FIRST = Order[Tool](tuple[At, Text, Text], lambda each: (each.due_at or NEVER, each.site, each.code))
NEWEST_FIRST = Order[Loan](tuple[Id], lambda each: (each.id,))
Site = Annotated[str | None, Query(description="a site's code")]


@router.get("/tools", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Site = None,
    lent: Annotated[bool, Query(description="only lent tools")] = False,
    retired: Annotated[bool, Query(description="include tools that are no longer used")] = False,
) -> list[ToolOut]:
    """List tools, those that are due back first."""
    rows = tools.page(
        conn, within=who.sites, site=site, lent=lent, retired=retired,
        after=part.after(DUE_FIRST), limit=part.fetched,
    )  # fmt: skip
    return [ToolOut.of(each) for each in part.of_fetched(rows, DUE_FIRST)]


@router.post("/tools", status_code=201, response_model=ToolOut, dependencies=[KEEPS_STOCK])
def create(body: ToolIn, conn: Conn, who: Asking, _: BecauseOf, once: OnlyOnce) -> Response:
    """Create a tool. With an Idempotency-Key, at most once."""
    site = plant.site_by_code(conn, body.site, who.sites)

    def make(_: Response) -> ToolOut:
        return ToolOut.of(tools.add(conn, site.id, site.code, body.code, body.name, body.kept_at))

    return once(body, make, needed=False)


@router.get("/tools/{tool_id}", dependencies=[SEES])
def read(tool_id: int, conn: Conn) -> ToolOut:
    """Read one tool, and who has it."""
    return ToolOut.of(tools.get(conn, tool_id))


@router.put("/tools/{tool_id}", dependencies=[KEEPS_STOCK])
def change(tool_id: int, body: ToolChange, conn: Conn, now: Now, _: BecauseOf) -> ToolOut:
    """Change a tool."""
    tool = tools.get(conn, tool_id)
    return ToolOut.of(tools.save(conn, tool, name=body.name, kept_at=body.kept_at, retired=body.retired, at=now))


@router.post("/tools/{tool_id}/lend", status_code=201, response_model=ToolOut, dependencies=[HANDLES_STOCK])
def lend(tool_id: int, body: LendIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Lend a tool to somebody until it is returned. The header Idempotency-Key is required."""

    def make(_: Response) -> ToolOut:
        return ToolOut.of(
            tools.lend(
                conn,
                tool_id,
                body.borrower,
                due_at=body.due_at,
                who=who,
                at=now,
                order_id=body.order_id,
                note=body.note,
                lent_at=body.lent_at,
                booking_id=body.booking_id,
            )
        )

    return once(body, make)


@router.post("/tools/{tool_id}/return", status_code=201, response_model=ToolOut, dependencies=[HANDLES_STOCK])
def give_back(tool_id: int, body: GiveBackIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Record a tool's return. The header Idempotency-Key is required."""
    return once(body, lambda _: ToolOut.of(tools.give_back(conn, tool_id, who=who, at=now, note=body.note)))


@router.get("/tool-loans", dependencies=[SEES])
def loans(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    tool_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="a tool's id")] = None,
) -> list[LoanOut]:
    """List loans, the newest first."""
    after = part.after(NEWEST_FIRST)
    rows = tools.loans(
        conn, within=who.sites, site=site, tool_id=tool_id, after=None if after is None else after[0],
        limit=part.fetched,
    )  # fmt: skip
    return [LoanOut.of(each) for each in part.of_fetched(rows, NEWEST_FIRST)]
