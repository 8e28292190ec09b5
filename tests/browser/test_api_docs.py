"""The page of the API in a real browser: its filter, and an address that leads to an operation."""

from tests.browser.test_board import address, seeded, watched  # noqa: F401 - fixtures


def test_the_filter_shows_what_is_sought_and_an_address_opens_its_operation(watched):  # noqa: F811
    page = watched.page
    page.goto("/docs#create_work_order")
    made = page.locator("#create_work_order")
    made.get_by_text("Roles:").wait_for()
    wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert wide, "it fits the screen, opened too"
    page.get_by_label("Find").fill("Shelve alarms")
    page.locator("#shelve_alarm").wait_for()
    made.wait_for(state="hidden")
    page.goto("/docs#get_engine")
    page.locator("#get_engine").get_by_text("Roles:").wait_for()
    assert page.get_by_label("Find").input_value() == ""
