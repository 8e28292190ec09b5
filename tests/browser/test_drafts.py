"""What somebody has typed survives a refused form, another form of the page, a reload and a lost connection."""

from datetime import UTC, datetime

import psycopg

from db.documents import documents, shadow
from db.documents.documents import Kind
from tests.api.pages.form_facts import RULES
from tests.browser.test_board import address, seeded, watched  # noqa: F401


def test_what_was_typed_is_there_after_another_form_of_the_page_and_gone_once_it_was_sent(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto(f"/orders/{seeded.orders['reactive']}")
    page.get_by_text("Add comment…").click()
    page.get_by_label("Comment").fill("the coupling is warm, look at it too")
    page.get_by_text("Put on hold…").click()
    page.locator("form[data-step=hold]").get_by_label("Details").fill("a seal")
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_role("button", name="Resume work").wait_for()
    assert page.get_by_label("Comment").input_value() == "the coupling is warm, look at it too"
    page.get_by_text("Typed before, and not sent yet").wait_for()
    page.get_by_role("button", name="Add comment").click()
    page.locator(".remark", has_text="the coupling is warm").wait_for()
    page.reload()
    assert page.get_by_label("Comment").input_value() == ""


def test_what_was_typed_survives_a_refusal_and_a_reload(watched, seeded):  # noqa: F811
    page = watched.page
    order = seeded.orders["reactive"]
    page.goto(f"/orders/{order}")
    page.get_by_text("Complete…", exact=True).click()
    page.get_by_label("the fault that this order describes").check()
    page.locator("select[name=cause]").select_option("wear")
    page.locator("select[name=remedy]").select_option("replace")
    page.get_by_text("Hours, parts, readings, follow-up…").click()
    page.get_by_label("Hours worked").fill("two")
    page.get_by_label("Note").fill("outer race was pitted")
    page.get_by_role("button", name="Complete work").click()
    page.get_by_text("Write a number, not 'two'").wait_for()
    watched.faults.clear()
    assert page.get_by_label("Note").input_value() == "outer race was pitted"
    page.goto(f"/orders/{order}")
    assert page.get_by_label("Note").input_value() == "outer race was pitted"
    assert page.locator("select[name=cause]").input_value() == "wear"


def test_without_a_connection_nothing_is_sent_and_nothing_is_lost(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto(f"/orders/{seeded.orders['reactive']}")
    page.get_by_text("Add comment…").click()
    page.get_by_label("Comment").fill("typed in the cellar")
    page.context.set_offline(True)
    page.get_by_role("button", name="Add comment").click()
    page.get_by_text("Not sent: there is no connection").wait_for()
    page.context.set_offline(False)
    watched.faults.clear()
    page.reload()
    assert page.get_by_label("Comment").input_value() == "typed in the cellar"
    page.get_by_role("button", name="Add comment").click()
    page.locator(".remark", has_text="typed in the cellar").wait_for()


def test_what_was_typed_is_there_when_the_answer_never_came(watched, seeded):  # noqa: F811
    page, order = watched.page, f"/orders/{seeded.orders['reactive']}"
    page.goto(order)
    page.get_by_text("Add comment…").click()
    page.get_by_label("Comment").fill("the bridge to the server is down")
    page.route("**/remarks/new", lambda route: route.abort())
    page.get_by_role("button", name="Add comment").click()
    page.wait_for_url("chrome-error://**")
    page.unroute("**/remarks/new")
    watched.faults.clear()
    page.goto(order)
    assert page.get_by_label("Comment").input_value() == "the bridge to the server is down"
    page.get_by_role("button", name="Add comment").click()
    page.locator(".remark", has_text="the bridge to the server is down").wait_for()
    page.goto(order)
    assert page.get_by_label("Comment").input_value() == ""


CALMER = {"default": {"name": "adwin", "estimator": "river.drift.ADWIN"}}
TYPE_INTO_ALL = """() => {
  const typed = {};
  for (const [at, form] of [...document.forms].entries()) {
    if (form.method !== "post" || form.querySelector("input[type=password]")) continue;
    for (const field of form.elements) {
      if (!["textarea", "text", "datetime-local"].includes(field.type)) continue;
      field.value = field.type === "datetime-local" ? "2031-02-03T04:05" : `typed ${at}`;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      typed[`${at} ${field.name}`] = field.value;
    }
  }
  return typed;
}"""
READ_ALL = """() => Object.fromEntries([...document.forms].flatMap((form, at) =>
  [...form.elements].filter((field) => field.name).map((field) => [`${at} ${field.name}`, field.value])))"""
SEND_ALL = """() => { for (const form of document.forms)
  if (form.method === "post" && form.querySelector(".kept-note, textarea, input[type=text], input:not([type])")) {
    form.noValidate = true; form.requestSubmit();
  } }"""


def test_every_form_in_which_something_is_typed_keeps_it_over_a_lost_connection(watched, seeded, database):  # noqa: F811
    with psycopg.connect(database) as conn:
        conn.execute(
            """INSERT INTO alarm_points (asset_id, source, state, active, latching, severity, since, actor, summary,
                                         raised_at)
               VALUES (%(asset)s, 'rule:oil-warm', 'unacknowledged', true, false, 2, %(at)s, 'x', 'hot', %(at)s)""",
            {"asset": seeded.assets["P-101"], "at": datetime.now(UTC)},
        )
        documents.put(conn, Kind.RULEBOOK, RULES, actor="person:Ola", why="the first")
        run = shadow.begin(conn, "calmer", rulebook=None, models=CALMER, actor="person:Ola", why="calmer")
        conn.execute("UPDATE judge_events SET arrival = 0 WHERE kind = 'shadow'")
    asset, page = seeded.assets["P-101"], watched.page
    for path, least in {
        "/new-order": 7, f"/orders/{seeded.orders['reactive']}": 8, f"/orders/{seeded.orders['emergency']}": 3,
        f"/assets/{asset}": 5, f"/assets/{asset}/signals/flow": 5, "/devices": 2, "/access": 2, "/alarms": 1,
        "/alarms/rules": 1, f"/shadow/{run}": 1,
    }.items():  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
        typed = page.evaluate(TYPE_INTO_ALL)
        assert len(typed) >= least, f"{path}: {typed}"
        page.context.set_offline(True)
        page.evaluate(SEND_ALL)
        page.get_by_text("Not sent: there is no connection").wait_for()
        page.context.set_offline(False)
        watched.faults.clear()
        page.reload()
        found = page.evaluate(READ_ALL)
        assert {name: found.get(name) for name in typed} == typed, path


def test_signing_out_leaves_nothing_that_was_typed(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto(f"/orders/{seeded.orders['reactive']}")
    page.get_by_text("Add comment…").click()
    page.get_by_label("Comment").fill("not for the next one here")
    page.get_by_text("Mette", exact=False).first.click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft '))") == []


def test_going_back_to_a_form_that_was_sent_does_not_offer_to_send_it_again(watched, seeded):  # noqa: F811
    page = watched.page
    page.goto("/new-order")
    page.locator("select[name=asset_id]").select_option(index=1)
    page.get_by_label("Work to be done").fill("grease the bearing")
    page.get_by_role("button", name="Create order").click()
    page.wait_for_url("**/orders/*")
    page.go_back()
    page.get_by_text("Sent already").wait_for()
    assert page.get_by_label("Work to be done").input_value() == ""
    page.get_by_label("Work to be done").fill("and the coupling")
    page.goto("/assets")
    page.go_back()
    page.get_by_text("Typed before, and not sent yet").wait_for()
    assert page.get_by_label("Work to be done").input_value() == "and the coupling", "what was not sent is kept"
