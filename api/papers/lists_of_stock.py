"""The lists of items, stores, stock, purchase requests and tools as files."""

from collections.abc import Mapping

from api.papers.columns import ListFile, columns

STOCK_LISTS: Mapping[str, ListFile] = {
    "/items": ListFile(
        name="items",
        columns=columns(
            site="site", code="code", name="name", unit="unit", units="other units", item_class="class",
            supplier="supplier", lead_time_days="lead time (days)", price="price#", currency="currency",
            retired_at="retired@", id="id",
        ),
    ),
    "/items/{item_id}/lots": ListFile(
        name="lots",
        columns=columns(
            store="store", bin="bin", lot="lot", quantity="quantity", shortage="shortage to count",
            expires_on="expires on", bin_id="bin id",
        ),
    ),
    "/stores": ListFile(name="stores", columns=columns(site="site", code="store", name="name", bins="bins", id="id")),
    "/stock": ListFile(
        name="stock",
        columns=columns(
            site="site", item="item", name="name", store="store", unit="unit", on_hand="on hand", reserved="reserved",
            free="free", lacking="orders lack", shortage="shortage to count", minimum="minimum",
            reorder_point="reorder point", reorder_quantity="reorder quantity", is_low="below the reorder point",
            item_class="class", request="purchase request", request_state="its state", coming="still to come",
            expected_on="expected on", worth="worth#", currency="currency", item_id="item id",
        ),
    ),
    "/stock-bins": ListFile(
        name="stock-bins",
        columns=columns(
            site="site", store="store", bin="bin", item="item", name="name", lot="lot", quantity="quantity",
            unit="unit", shortage="shortage to count", expires_on="expires on", item_id="item id", bin_id="bin id",
            store_id="store id",
        ),
    ),
    "/stock-movements": ListFile(
        name="stock-movements",
        columns=columns(
            at="at@", item="item", kind="movement", quantity="change on hand", reserved="change reserved",
            shortage="change of shortage", unit="unit", store="store", bin="bin", lot="lot", order_number="work order",
            request_id="purchase request", emergency="emergency", unit_cost="price of one#", currency="currency",
            said="as it was said", actor="by", why="why", site="site", id="id",
        ),
    ),
    "/reservations": ListFile(
        name="reservations",
        columns=columns(
            order_number="work order", item="item", name="name", store="store", needed="needed", reserved="reserved",
            issued="issued", used="used", lacks="waits for", unit="unit", expected_on="expected on",
            asked_at="asked for@", site="site", order_id="order id",
        ),
    ),
    "/work-orders/{order_id}/reservations": ListFile(
        name="order-reservations",
        columns=columns(
            line="line", item="item", name="name", store="store", needed="needed", reserved="reserved",
            issued="issued", used="used", lacks="waits for", unit="unit", expected_on="expected on",
            asked_at="asked for@", item_id="item id",
        ),
    ),
    "/purchase-requests": ListFile(
        name="purchase-requests",
        columns=columns(
            id="request", item="item", name="name", store="store", quantity="quantity", received="received",
            unit="unit", state="state", supplier="supplier", reference="order at the supplier",
            expected_on="expected on", why="why", requested_at="requested@", requested_by="requested by",
            state_since="in this state since@", site="site",
        ),
    ),
    "/tools": ListFile(
        name="tools",
        columns=columns(
            site="site", code="code", name="name", kept_at="kept at", borrower="with", lent_at="lent@",
            due_at="due back@", order_number="work order", retired_at="retired@", id="id",
        ),
    ),
    "/tool-loans": ListFile(
        name="tool-loans",
        columns=columns(
            tool="tool", name="name", borrower="with", lent_at="lent@", due_at="due back@", returned_at="returned@",
            order_number="work order", lent_by="lent by", returned_to="returned to", note="note", site="site", id="id",
        ),
    ),
    "/tool-bookings": ListFile(
        name="tool-bookings",
        columns=columns(
            tool="tool", name="name", borrower="for", starts_at="from@", ends_at="until@", state="state",
            order_number="work order", note="note", booked_by="booked by", booked_at="booked@", ended_by="ended by",
            ended_at="ended@", site="site", id="id",
        ),
    ),
    "/bills-of-material": ListFile(
        name="bills-of-material",
        columns=columns(
            site="site", asset_class="class", item="item", name="name", quantity="quantity", unit="unit", note="note",
            item_id="item id",
        ),
    ),
}  # fmt: skip
