"""Sentences with facts are in the language of whoever reads the page; programs read English."""

import re
from html import unescape

import pytest

from api.language.catalogues import language
from tests.api.orders.test_six_types import V1
from workorder_core.errors import IllegalMove
from workorder_core.intake import priority
from workorder_core.language import speaking
from workorder_core.sentences import coded, joined, say, stored, translated
from workorder_core.words import Criticality, Severity, Status

GERMAN = {"Accept": "text/html", "Origin": "http://localhost", "Accept-Language": "de"}


def wrong(page: str) -> dict[str, str]:
    return dict(re.findall(r'<span class="wrong" role="alert" id="wrong-(\w+)">([^<]*)</span>', unescape(page)))


def test_a_sentence_is_filled_as_its_language_writes_facts():
    said = say("write a number from 0 to {most:,.0f}, not {text!r}", most=1e7, text="x")
    with speaking(language("de")):
        assert translated(said) == "schreiben Sie eine Zahl von 0 bis 10.000.000, nicht 'x'"
        assert translated(joined([say("on shift"), say("{count} unfinished orders", count=2)])) == (
            "in Schicht, 2 offene Aufträge"
        )
        assert translated(coded("on hold")) == "unterbrochen"
        assert translated("what somebody has written") == "what somebody has written"
    assert translated(said) == said


def test_an_error_says_its_codes_in_the_readers_language():
    error = IllegalMove(None, "NTH-1", Status.CLOSED, "start", ("reopen",))  # type: ignore[arg-type]
    assert str(error) == "work order NTH-1 is closed: the step 'start' is not possible now (possible: reopen)"
    with speaking(language("de")):
        assert translated(str(error)) == (
            "Auftrag NTH-1 ist abgeschlossen: der Schritt „beginnen“ ist jetzt nicht möglich (möglich: wieder öffnen)"
        )


STORED = {
    "a rule's finding": (
        "flow is 58.7 m3/h, below its limit of 120 m3/h",
        "flow: 58,7 m3/h, unter dem Grenzwert 120 m3/h",
    ),
    "a finding about a measure": (
        "the rate of change of flow over 10 min is 3.2 m3/h per h, above its limit of 2 m3/h per h",
        "die Änderungsrate von flow über 10 min: 3,2 m3/h je h, über dem Grenzwert 2 m3/h je h",
    ),
    "a model's finding with several signals": (
        (
            "does not behave as it usually does: "
            "flow 58.7 m3/h (usual 118.5 to 131), motor current 31.2 A (usual 28 to "
            "30, +1.2 a day). Likely low output: pressure falls with flow (alike 0.83)"
        ),
        (
            "verhält sich anders als gewöhnlich: "
            "flow 58,7 m3/h (üblich 118,5 bis 131), motor current 31,2 A (üblich "
            "28 bis 30, +1,2 je Tag). Wahrscheinlich zu geringe Leistung: pressure falls with flow (Ähnlichkeit 0,83)"
        ),
    ),
    "why somebody was assigned": (
        "Deniz Yilmaz: has the skill mechanical, on shift, no unfinished orders.",
        "Deniz Yilmaz: hat: Qualifikation Mechanik, in Schicht, keine offenen Aufträge.",
    ),
    "why nobody was": (
        "Nobody eligible: Ana Ruiz: off shift until Mon 06:00, after the response target, lacks the skill electrical.",
        (
            "Niemand geeignet: Ana Ruiz: nicht in Schicht bis Mo 06:00, nach Ablauf der Frist zum Beginn, es fehlt: "
            "Qualifikation Elektrik."
        ),
    ),
    "what somebody wrote": ("Kaffee trinken, dann weiter", "Kaffee trinken, dann weiter"),
    "what has a word of a template": ("I went to school, and Bo and more", "I went to school, and Bo and more"),
}


@pytest.mark.parametrize(("english", "german"), STORED.values(), ids=STORED)
def test_a_stored_sentence_is_found_again(english, german):
    with speaking(language("de")):
        assert stored(english) == german
    assert stored(english) == english


def test_a_reason_is_the_same_whether_it_was_stored_or_not():
    for severity in Severity:
        for criticality in Criticality:
            reason = priority.of_finding(criticality, severity).reason
            with speaking(language("de")):
                assert stored(str.__str__(reason)[:]) == translated(reason) != reason


def test_a_refused_step_answers_in_german_at_its_field(client, seeded):
    page = client.post(f"/orders/{seeded.orders['reactive']}/cancel", data={"why": " "}, headers=GERMAN).text
    assert '<html lang="de">' in page
    assert wrong(page)["why"].startswith("Der Schritt „stornieren“ beim Auftrag")
    page = client.post(f"/orders/{seeded.orders['reactive']}/complete", data={"finding": "x"}, headers=GERMAN).text
    assert wrong(page)["cause"] == "Wählen Sie eine Ursache; „unbekannt“ ist auch eine."


def test_a_new_order_that_lacks_things_says_so_in_german(client, seeded):
    form = {"asset_id": seeded.assets["P-107"], "kind": "preventive", "title": " ", "hours": "zwei"}
    said = wrong(client.post("/new-order", data=form, headers=GERMAN).text)
    assert said["title"] == "Sagen Sie mit wenigen Worten, was zu tun ist."
    assert said["hours"] == "Schreiben Sie eine Zahl, nicht 'zwei'."


def test_a_decimal_comma_is_a_number_and_too_many_digits_are_told_in_german(client, seeded):
    form = {"skill": "", "from_date": "2026-01-01", "per_hour": "84,505"}
    client.post("/costs/NTH/currency", data={"currency": "EUR"}, headers=GERMAN)
    said = wrong(client.post("/costs/NTH/labour-rate", data=form | {"per_hour": "84,50555"}, headers=GERMAN).text)
    assert said == {"per_hour": "Schreiben Sie höchstens 4 Nachkommastellen."}
    client.post("/costs/NTH/labour-rate", data=form, headers=GERMAN)
    assert "84,505 EUR" in client.get("/costs/NTH", headers=GERMAN).text


def test_a_wrong_password_is_told_in_german_and_a_page_that_is_not_there_too(client, stranger):
    sent = GERMAN | {"Origin": str(stranger.base_url)}
    page = stranger.post("/login", data={"name": "nobody", "password": "x" * 12}, headers=sent).text
    assert "Dieser Name und dieses Passwort gehören nicht zusammen" in page
    page = client.get("/orders/00000000-0000-0000-0000-000000000000", headers=GERMAN).text
    assert "Auftrag 00000000-0000-0000-0000-000000000000 gibt es nicht" in page


def test_programs_read_english_whatever_language_they_ask_for(client, seeded):
    answer = client.post(
        f"{V1}/{seeded.orders['reactive']}/cancel", json={"reason": " "}, headers={"Accept-Language": "de"}
    )
    assert answer.status_code == 422
    assert "needs a reason: say why in one sentence" in answer.text


def test_an_order_of_the_engine_is_german_from_its_title_to_its_reasons(client, seeded):
    page = unescape(client.get(f"/orders/{seeded.orders['predictive']}", headers=GERMAN).text)
    english = unescape(client.get(f"/orders/{seeded.orders['predictive']}", headers={"Accept": "text/html"}).text)
    for german, said in (
        ("Mittel: ein Ausfall ist absehbar", "Medium: a failure is foreseen"),
        ("in Schicht", "on shift"),
    ):
        assert german in page
        assert said not in page
        assert said in english
