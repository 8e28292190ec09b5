"""Words that say something by themselves, in English and German: danger first, then failure modes.

Words are compared in lower case, by their beginning: ``brenn`` is in *brennt* and *brennende*. A compound counts if a
word of it ends the text's word (*Kabelbrand*).
"""

import re
from collections.abc import Mapping, Sequence

from workorder_core.words import FailureMode


def _words(said: str) -> tuple[str, ...]:
    return tuple(said.split("|"))


DANGER = _words(
    "fire|on fire|flames|smoke|smoking|smoulder|burning|explosion|explod|gas leak|smell of gas|"
    "gas smell|smells of gas|smells like gas|injur|hurt|bleeding|unconscious|trapped|"
    "electric shock|electrocut|live wire|exposed wire|sparks|sparking|arcing|toxic|poison|"
    "ammonia|chlorine|evacuat|danger|unsafe|hazard|collaps|emergency stop fail|guard missing|"
    "guard is missing|brake fail|brakes fail|no brakes|asbestos|feuer|brand|brenn|flammen|rauch|"
    "qualm|verqualm|explosion|explodier|gasgeruch|gasleck|gasaustritt|nach gas|verletz|blutet|"
    "bewusstlos|eingeklemmt|stromschlag|unter spannung|blanke leitung|blankes kabel|funken|"
    "lichtbogen|giftig|ammoniak|chlorgas|evakuier|gefahr|gefährlich|lebensgefahr|einsturz|"
    "eingestürzt|absturz|notaus|not aus|schutz fehlt|schutzgitter fehlt|bremse versagt|"
    "bremsen versagen|bremst nicht|asbest"
)
"""Beginnings of words, and of several words in a row, at which people or the plant may be at risk."""

ENDINGS = ("brand", "feuer", "gefahr", "unfall")
"""Ends of German compounds that say the same."""

HARMLESS = _words(
    "brand new|fire alarm|fire door|fire drill|fire extinguish|fire protect|fire suppress|smoke detect|smoke alarm|"
    "brandmeld|brandschutz|feuerlösch|rauchmeld|brandneu"
)
"""Beginnings of words that name equipment, not danger; other words of the text still count."""

MODES: Mapping[FailureMode, tuple[str, ...]] = {
    FailureMode.ELU: _words(
        "oil leak|leaking oil|grease leak|air leak|water leak|ölleck|verliert öl|öl tropft|ölverlust|druckluft"
    ),
    FailureMode.ELP: _words("leak|drip|spill|undicht|leck|tropft|läuft aus"),
    FailureMode.NOI: _words("nois|squeal|grinding|rattl|knock|geräusch|quietsch|klapper|schleif"),
    FailureMode.VIB: _words("vibrat|shak|vibrier|schwing|rüttel|unwucht"),
    FailureMode.OHE: _words("overheat|too hot|hot|over temp|überhitz|heiß|heiss|zu warm"),
    FailureMode.FTS: _words(
        "won't start|wont start|not start|no start|does not start|fails to start|springt nicht an|"
        "startet nicht|läuft nicht an"
    ),
    FailureMode.PLU: _words("block|clog|plugged|verstopf|zugesetzt"),
    FailureMode.STD: _words("crack|broken|bent|corro|rust|torn|riss|gerissen|gebrochen|verbogen|rost"),
    FailureMode.UST: _words("trips|tripped|shuts down|stops by itself|schaltet ab|bleibt stehen|abgeschaltet"),
    FailureMode.LOO: _words(
        "low pressure|no pressure|low flow|weak|kein druck|zu wenig druck|wenig leistung|keine leistung"
    ),
    FailureMode.AIR: _words("sensor|gauge|reading wrong|anzeige|fühler|messwert"),
    FailureMode.BRD: _words(
        "not working|does not work|broke down|breakdown|seized|defekt|kaputt|geht nicht|funktioniert nicht|ausgefallen"
    ),
}
"""For each failure mode the words that people use for it; the first mode whose words are in a text is meant."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
LONGEST = 4000


def danger_words(text: str, own: Sequence[str] = ()) -> list[str]:
    """Return the words of a text that say danger, as they are in it; ``own`` are the plant's beginnings of words."""
    said = _without(_said(text), HARMLESS)
    own_words = tuple(" ".join(_said(each)) for each in own)
    found = _found(said, (*DANGER, *(each for each in own_words if each)))
    found += [word for word in said if word.endswith(ENDINGS) and word not in found]
    return list(dict.fromkeys(found))


def mode_of(text: str) -> tuple[FailureMode, list[str]] | None:
    """Return the failure mode whose words a text uses, with these words; None where it uses none."""
    said = _said(text)
    for mode, beginnings in MODES.items():
        if found := _found(said, beginnings):
            return mode, found
    return None


def named(text: str, names: Sequence[str]) -> list[str]:
    """Return the names that a text contains as whole words, in the order of ``names``; case does not matter."""
    said = _padded(_said(text))
    return [each for each in names if (own := _said(each)) and _padded(own) in said]


def _said(text: str) -> list[str]:
    folded = text[:LONGEST].casefold().replace("’", "'")
    return [each.group().replace("ß", "ss") for each in _WORD.finditer(folded)]


def _without(said: Sequence[str], beginnings: Sequence[str]) -> list[str]:
    text = _padded(said)
    for each in _found(said, beginnings):
        text = text.replace(f" {each} ", " ")
    return text.split()


def _padded(said: Sequence[str]) -> str:
    return f" {' '.join(said)} "


def _found(said: Sequence[str], beginnings: Sequence[str]) -> list[str]:
    """Return the words at which a beginning matches: each word of it whole, the last one by its beginning."""
    text = _padded(said)
    found = []
    for each in beginnings:
        at = text.find(f" {each.casefold().replace('ß', 'ss')}")
        if at >= 0:
            length = each.count(" ") + 1
            found.append(" ".join(text[at + 1 :].split(" ")[:length]))
    return list(dict.fromkeys(found))
