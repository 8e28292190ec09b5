"""The costs of work and failures at the sample plant."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from psycopg import Connection

from db.costs import costs
from db.plant.plant import Site
from runtime.demo import years
from workorder_core.costs.cost_model import Entry, Prices

CURRENCY = "EUR"
RATES = {"": ("58.00", "60.00"), "mechanical": ("61.50", "63.80"), "electrical": ("67.00", "69.40")} | {
    "instrumentation": ("70.20", "72.90")
}
"""The hourly rate of each trade: in the first year, and from the second on."""
MODEL = (
    Entry(
        prices=Prices(
            failure=Decimal(9000),
            down_hour=Decimal(380),
            failure_hours=Decimal(14),
            wasted_visit=Decimal(190),
            notice_hours=Decimal(12),
        )
    ),
    Entry(asset="P-101", prices=Prices(failure=Decimal(26000), down_hour=Decimal(1200))),
)


def put(conn: Connection, site: Site, *, until: datetime) -> None:
    """Set a currency, labour rates and a cost model for a site without a currency. The caller commits."""
    if costs.currency_of(conn, site.id) is not None:
        return
    first = (until - years.YEARS - timedelta(days=30)).date()
    costs.set_currency(conn, site.id, site.code, CURRENCY)
    for skill, (then, now) in RATES.items():
        for day, rate in ((first, then), (date(first.year + 1, first.month, 1), now)):
            costs.put_rate(conn, site.id, site.code, skill, day, Decimal(rate))
    for entry in MODEL:
        costs.put_entry(conn, site.id, site.code, entry)
