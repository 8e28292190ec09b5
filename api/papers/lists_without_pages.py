"""The lists that are answered whole, as files."""

from collections.abc import Mapping

from api.papers.columns import ListFile, columns

_OCCURRENCES = columns(
    due_at="due@", title="plan", code="plan code", of="for", number="number", status="status", package="package",
    order_number="order", completed_at="completed@", why="why", note="deviation", plan_version="version", site="site",
)  # fmt: skip
_FILES = ListFile(
    name="files",
    of_sites=False,
    within="files",
    paged=False,
    columns=columns(
        name="name", kind="kind", size="size (bytes)", at="attached@", actor="by", sha256="SHA-256", id="id"
    ),
)
LISTS_WITHOUT_PAGES: Mapping[str, ListFile] = {
    "/assets/{asset_id}/files": _FILES,
    "/locations/{location_id}/files": _FILES,
    "/maintenance-plans/{plan_id}/expected": ListFile(name="expected-work", paged=False, columns=_OCCURRENCES),
    "/models/precision": ListFile(
        name="precision-of-models",
        paged=False,
        of_sites=False,
        columns=columns(
            asset_class="class", model="model", version="version", in_force="in force", confirmed="confirmed",
            other_cause="other cause", nothing_found="nothing found", right="right", labelled="close-outs",
            precision="precision (0 to 1)", factor="limit multiplied by",
        ),
    ),
    "/sites/{site_code}/targets": ListFile(
        name="targets",
        paged=False,
        of_sites=False,
        columns=columns(
            priority="priority (1 is the most urgent)", response_minutes="begin within (min)",
            completion_minutes="complete within (min)", working="only working hours count",
        ),
    ),
    "/sites/{site_code}/costs/labour-rates": ListFile(
        name="labour-rates",
        paged=False,
        of_sites=False,
        columns=columns(skill="trade", from_date="from", per_hour="per hour (site's currency)#"),
    ),
    "/sites/{site_code}/costs/price-list": ListFile(
        name="price-list",
        paged=False,
        of_sites=False,
        columns=columns(
            code="code", kind="kind", name="name", unit="unit", unit_price="unit price (site's currency)#",
        ),
    ),
    "/sites/{site_code}/costs/cost-model": ListFile(
        name="cost-model",
        paged=False,
        of_sites=False,
        columns=columns(
            asset="asset", asset_class="class", failure="a failure (site's currency)#",
            down_hour="an hour down (site's currency)#", failure_hours="hours down at a failure#",
            wasted_visit="a wasted visit (site's currency)#", notice_hours="notice (h)#",
        ),
    ),
}  # fmt: skip
