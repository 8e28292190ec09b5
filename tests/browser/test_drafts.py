"""What somebody has typed survives a refused form, another form of the page, a reload and a lost connection."""

from tests.browser.test_board import address, seeded, watched  # noqa: F401


def test_what_was_typed_is_there_after_another_form_of_the_page_and_gone_once_it_was_sent(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto(f"/orders/{seeded.orders['reactive']}")
    page.get_by_text("Say something…").click()
    page.get_by_label("Remark").fill("the coupling is warm, look at it too")
    page.get_by_text("Put on hold…").click()
    page.get_by_label("What does it wait for?").fill("a seal")
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_role("button", name="Resume work").wait_for()
    assert page.get_by_label("Remark").input_value() == "the coupling is warm, look at it too"
    page.get_by_text("Typed before, and not sent yet").wait_for()
    page.get_by_role("button", name="Say it").click()
    page.locator(".remark", has_text="the coupling is warm").wait_for()
    page.reload()
    assert page.get_by_label("Remark").input_value() == ""


def test_what_was_typed_survives_a_refusal_and_a_reload(watched, seeded):  # noqa: F811
    page = watched.page
    order = seeded.orders["reactive"]
    page.goto(f"/orders/{order}")
    page.get_by_text("Complete…").click()
    page.get_by_label("the fault that the order is about").check()
    page.locator("select[name=cause]").select_option("wear")
    page.locator("select[name=remedy]").select_option("replace")
    page.get_by_text("Hours, parts, readings, follow-up…").click()
    page.get_by_label("Hours of work").fill("two")
    page.get_by_label("Note").fill("outer race was pitted")
    page.get_by_role("button", name="Complete the work").click()
    page.get_by_text("Write a number, not 'two'").wait_for()
    watched.faults.clear()
    assert page.get_by_label("Note").input_value() == "outer race was pitted"
    page.goto(f"/orders/{order}")
    assert page.get_by_label("Note").input_value() == "outer race was pitted"
    assert page.locator("select[name=cause]").input_value() == "wear"


def test_without_a_connection_nothing_is_sent_and_nothing_is_lost(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto(f"/orders/{seeded.orders['reactive']}")
    page.get_by_text("Say something…").click()
    page.get_by_label("Remark").fill("typed in the cellar")
    page.context.set_offline(True)
    page.get_by_role("button", name="Say it").click()
    page.get_by_text("Not sent: there is no connection").wait_for()
    page.context.set_offline(False)
    watched.faults.clear()
    page.reload()
    assert page.get_by_label("Remark").input_value() == "typed in the cellar"
    page.get_by_role("button", name="Say it").click()
    page.locator(".remark", has_text="typed in the cellar").wait_for()
