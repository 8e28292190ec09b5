"""Make the pictures of the README from a board that runs: ``python docs/pictures/make.py http://127.0.0.1:8000``.

Start ``./run demo`` first and wait until the sample plant has come up to the present, and ten minutes more: until then
the board tells of the wrong clocks in the sample. Writes board.png and order.png beside this file, or into ``--into``;
fails when a page logs an error.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.parts import chromium


def main() -> None:
    """Open the board, then the order with the most signals in its evidence, and take a picture of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    parser.add_argument("--key", help="a key of the settings, where the board asks for one")
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.provide(), args=chromium.ARGUMENTS)
        page = browser.new_page(
            viewport={"width": 1280, "height": 860},
            color_scheme="light",
            base_url=given.address,
            device_scale_factor=1.5,
        )
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        if given.key:
            page.goto("/login")
            page.get_by_label("Key").fill(given.key)
            page.get_by_role("button", name="Go on").click()
        _take(page, "/", given.into / "board.png")
        _take(page, _best_order(page), given.into / "order.png")
        browser.close()
    if faults:
        raise SystemExit("the pages logged errors: " + "; ".join(faults))


def _take(page: Page, path: str, picture: Path) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)
    page.screenshot(path=picture)
    print(picture)


def _best_order(page: Page) -> str:
    """Return the path of the order whose newest finding draws the most charts, a predictive one if there is any."""
    best, most = "", -1
    for query in ("/?show=all&type=predictive", "/?show=all"):
        page.goto(query)
        for path in page.eval_on_selector_all(".order > a", "links => links.map(link => link.getAttribute('href'))"):
            page.goto(path)
            page.wait_for_load_state("networkidle")
            charts = page.locator("#evidence > .finding .charts figure").count()
            if charts > most:
                best, most = path, charts
        if most > 0:
            break
    if not best:
        raise SystemExit("there are no orders on the board yet")
    return best


if __name__ == "__main__":
    main()
