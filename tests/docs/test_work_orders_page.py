"""docs/work-orders.md shows the lifecycle as it is: its drawing and its table are those of the table of moves."""

from pathlib import Path

from workorder_core.orders import lifecycle_drawn

PAGE = (Path(__file__).parents[2] / "docs" / "work-orders.md").read_text(encoding="utf-8")


def test_the_drawing_is_the_tables():
    assert f"```mermaid\n{lifecycle_drawn.diagram()}\n```" in PAGE


def test_the_table_is_the_cores():
    assert lifecycle_drawn.table() in PAGE
