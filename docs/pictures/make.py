"""Make the pictures of the README from a board that runs: ``python docs/pictures/make.py http://127.0.0.1:8000``.

Start ``./run demo`` first and wait until the sample plant has come up to the present, and ten minutes more: until then
the board shows the wrong clocks in the sample. Writes board.png and order.png beside this file, or into ``--into``:
1280 pixels wide, of 128 colours, so that each stays below 200 kB. Fails when a page logs an error.
"""

import argparse
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.parts import chromium

_DRAWN = """() => [...document.querySelectorAll("[data-charts]")].every(
    each => each.closest("details:not([open])") || each.querySelector("canvas"))"""


def main() -> None:
    """Open the board, then the order with the most signals in its evidence, and take a picture of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.provide(), args=chromium.ARGUMENTS)
        page = browser.new_page(
            viewport={"width": 1280, "height": 860},
            color_scheme="light",
            base_url=given.address,
        )
        page.set_default_timeout(120_000)
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        _take(page, "/", given.into / "board.png")
        _take(page, _best_order(page), given.into / "order.png")
        browser.close()
    if faults:
        raise SystemExit("the pages logged errors: " + "; ".join(faults))


def _take(page: Page, path: str, picture: Path) -> None:
    _open(page, path)
    taken = Image.open(io.BytesIO(page.screenshot()))
    taken.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(picture, optimize=True)
    print(picture, f"{picture.stat().st_size / 1000:.0f} kB")


def _open(page: Page, path: str) -> None:
    """Open a page and wait until its charts are drawn; a page that follows the stream of events is never idle."""
    page.goto(path)
    page.wait_for_function(_DRAWN)
    page.wait_for_timeout(400)


def _best_order(page: Page) -> str:
    """Return the path of the order whose newest finding draws the most charts, a predictive one if there is any."""
    best, most = "", -1
    for query in ("/?show=all&type=predictive", "/?show=all"):
        page.goto(query)
        for path in page.eval_on_selector_all(".order > a", "links => links.map(link => link.getAttribute('href'))"):
            _open(page, path)
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
