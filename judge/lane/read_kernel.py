"""The lane's compiled reader: plain documents of the native payload, from their bytes to columns.

It reads what nearly every message contains, ``{"ts": 1764000000000, "values": {"flow": 71.3}}`` with numbers or short
texts beside it, as `ingest.formats.payload.plain` does, and leaves everything else to that: escapes, units, quality,
other types, a duplicate name, a name that is no signal of the asset, and anything that is not JSON. Bytes are indexes
into the concatenated payloads of a batch.
"""

from __future__ import annotations

import numpy as np

from models.kernel import compiled

NOT_READ = -1
MOST_OTHERS = 16
"""The most other keys of a document."""
MOST_SHUFFLED = 256
"""The most values of a document that are not in the order of their signals' names."""
_EXACT_BELOW = 1 << 53
_MOST_DIGITS, _MOST_EXPONENT = 40, 250
"""A longer or larger number is left to the other reader."""
_POWERS = np.array([10.0**n for n in range(23)])
"""The powers of ten that a double represents exactly: multiplying or dividing a whole number below 2 ** 53 by one
rounds only once."""
_LATEST_MS = 10**14
_QUOTE, _COMMA, _MINUS, _POINT, _ZERO, _NINE, _COLON, _ESCAPE, _OPEN, _CLOSE = (ord(each) for each in '",-.09:\\{}')
_TS, _VALUES, _UNITS, _QUALITY = (np.frombuffer(each, np.uint8) for each in (b"ts", b"values", b"units", b"quality"))


@compiled
def read(data, ends, places, firsts, sets, table, hashes, of_set, name_ends, name_bytes, at, counts, rows, values, odd):
    """Read the messages of assets on the lane; return how many readings they have, and how many of those are ``odd``.

    ``firsts`` has the first row of each message's asset. For each message ``counts`` has its readings, `NOT_READ`
    without any, and ``at`` its time in microseconds; for each reading ``rows`` has its signal's row and ``values`` its
    value. An odd value has more digits than can be converted here: ``odd`` has its reading, and where it begins and
    ends.
    """
    count = odds = begin = 0
    others = np.empty(MOST_OTHERS, np.uint64)
    for f in range(len(ends)):
        end, place = ends[f], places[f]
        counts[f] = NOT_READ
        if place >= 0:
            stop, odd_stop, ms = _document(
                data, begin, end, sets[place], firsts[f], table, hashes, of_set, name_ends, name_bytes,
                rows, values, odd, count, odds, others,
            )  # fmt: skip
            if stop > count:
                counts[f], at[f] = stop - count, ms * 1000
                count, odds = stop, odd_stop
        begin = end
    return count, odds


@compiled
def hash_of(data, begin, end):
    """Return a hash of some bytes (FNV-1a)."""
    found = np.uint64(0xCBF29CE484222325)
    for i in range(begin, end):
        found = (found ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
    return found


@compiled
def slot(table, hashed, number):
    """Return the slot at which the search for a name of a set begins."""
    mixed = hashed ^ (hashed >> np.uint64(29)) ^ (np.uint64(number) * np.uint64(0x9E3779B97F4A7C15))
    return np.int64(mixed & np.uint64(len(table) - 1))


@compiled
def enlist(table, hashes, of_set, offsets, name_ends, name_bytes, first, known):
    """Put the names from ``first`` on into the table, with the offset of each in its set."""
    for name in range(first, known):
        hashes[name] = hash_of(name_bytes, name_ends[name - 1] if name else 0, name_ends[name])
        at = slot(table, hashes[name], of_set[name])
        while table[at, 0] != NOT_READ:
            at = (at + 1) & (len(table) - 1)
        table[at, 0], table[at, 1] = name, offsets[name]


@compiled
def _document(
    data, at, end, number, first, table, hashes, of_set, name_ends, name_bytes, rows, values, odd, count, odds, others
):
    """Read a document; return the next free reading and odd value, and its time; no reading if it is not plain."""
    nothing = (count, odds, 0)
    ms = NOT_READ
    stop, odd_stop, extra = count, odds, 0
    at = _blank(data, at, end)
    if at >= end or data[at] != _OPEN:
        return nothing
    at += 1
    while True:
        begin = _blank(data, at, end) + 1
        close, plain = _text(data, begin - 1, end)
        at = _after_colon(data, close, end)
        if at < 0:
            return nothing
        if _same(data, begin, close, _TS):
            at, whole, _, negative, kind = _number(data, at, end)
            if at < 0 or ms >= 0 or kind != 0 or negative or whole > _LATEST_MS:
                return nothing
            ms = whole
        elif _same(data, begin, close, _VALUES):
            if stop > count:
                return nothing
            at, stop, odd_stop = _readings(
                data, at, end, number, first, table, hashes, of_set, name_ends, name_bytes, rows, values, odd,
                count, odds,
            )  # fmt: skip
            if stop == count:
                return nothing
        elif not plain or _same(data, begin, close, _UNITS) or _same(data, begin, close, _QUALITY):
            return nothing
        else:
            hashed = hash_of(data, begin, close)
            if extra == MOST_OTHERS or _is_among(others, extra, hashed):
                return nothing
            others[extra] = hashed
            extra += 1
            at = _passed(data, at, end)
        if at < 0:
            return nothing
        at = _blank(data, at, end)
        if at >= end:
            return nothing
        at += 1
        if data[at - 1] == _CLOSE:
            break
        if data[at - 1] != _COMMA:
            return nothing
    if ms < 0 or stop == count or _blank(data, at, end) != end:
        return nothing
    return stop, odd_stop, ms


@compiled
def _readings(
    data, at, end, number, first, table, hashes, of_set, name_ends, name_bytes, rows, values, odd, count, odds
):
    """Read values; return where they end, the next free reading and odd value; no reading if any is not plain."""
    nothing = (at, count, odds)
    stop, odd_stop, highest = count, odds, NOT_READ
    if at >= end or data[at] != _OPEN:
        return nothing
    at += 1
    while True:
        begin = _blank(data, at, end) + 1
        close, _ = _text(data, begin - 1, end)
        at = _after_colon(data, close, end)
        if at < 0:
            return nothing
        offset = _offset(data, begin, close, number, table, hashes, of_set, name_ends, name_bytes)
        if offset < 0:
            return nothing
        if offset > highest:
            highest = offset
        elif stop - count > MOST_SHUFFLED or _is_among(rows[count:stop], stop - count, first + offset):
            return nothing
        begin = at
        at, whole, exponent, negative, kind = _number(data, at, end)
        if at < 0:
            return nothing
        if kind == 2 or whole > _EXACT_BELOW or abs(exponent) >= len(_POWERS) or (negative and whole == 0):
            odd[odd_stop, 0], odd[odd_stop, 1], odd[odd_stop, 2] = stop, begin, at
            odd_stop += 1
        value = np.float64(whole)
        if exponent < 0:
            value /= _POWERS[min(-exponent, len(_POWERS) - 1)]
        else:
            value *= _POWERS[min(exponent, len(_POWERS) - 1)]
        rows[stop], values[stop] = first + offset, -value if negative else value
        stop += 1
        at = _blank(data, at, end)
        if at >= end:
            return nothing
        at += 1
        if data[at - 1] == _CLOSE:
            return at, stop, odd_stop
        if data[at - 1] != _COMMA:
            return nothing


@compiled
def _offset(data, begin, end, number, table, hashes, of_set, name_ends, name_bytes):
    """Return which of a set's names this is; `NOT_READ` if it is none of them."""
    hashed = hash_of(data, begin, end)
    at = slot(table, hashed, number)
    while table[at, 0] != NOT_READ:
        name = table[at, 0]
        if hashes[name] == hashed and of_set[name] == number:
            starts = name_ends[name - 1] if name else 0
            if name_ends[name] - starts == end - begin:
                same = True
                for i in range(end - begin):
                    same = same and data[begin + i] == name_bytes[starts + i]
                if same:
                    return table[at, 1]
        at = (at + 1) & (len(table) - 1)
    return NOT_READ


@compiled
def _number(data, at, end):
    """Return where a number ends, its digits as a whole number, the power of ten to multiply them by, whether it is
    negative, and its kind: 0 whole, 1 with a fraction or an exponent, 2 with too many digits to convert here. The end
    is -1 if it is not a number.
    """
    nowhere = (NOT_READ, np.int64(0), 0, False, 0)
    negative = at < end and data[at] == _MINUS
    if negative:
        at += 1
    begin, whole, exponent, kind = at, np.int64(0), 0, 0
    while at < end and _ZERO <= data[at] <= _NINE:
        if at - begin < 18:
            whole = whole * 10 + (np.int64(data[at]) - _ZERO)
        at += 1
    digits = at - begin
    if digits == 0 or (digits > 1 and data[begin] == _ZERO):
        return nowhere
    if at < end and data[at] == _POINT:
        at += 1
        begin, kind = at, 1
        while at < end and _ZERO <= data[at] <= _NINE:
            if digits + at - begin < 18:
                whole = whole * 10 + (np.int64(data[at]) - _ZERO)
                exponent -= 1
            at += 1
        if at == begin:
            return nowhere
        digits += at - begin
    if at < end and (data[at] | 32) == 101:  # e, E
        at, power = _power(data, at + 1, end)
        if at < 0:
            return nowhere
        exponent += power
        kind = 1
    if digits > _MOST_DIGITS:
        return nowhere
    if digits > 18:
        kind = 2
    return at, whole, exponent, negative, kind


@compiled
def _power(data, at, end):
    """Return where an exponent ends, and what it is; it ends nowhere where it is none, or a large one."""
    negative = at < end and data[at] == _MINUS
    if negative or (at < end and data[at] == 43):  # +
        at += 1
    begin, power = at, np.int64(0)
    while at < end and _ZERO <= data[at] <= _NINE and at - begin < 4:
        power = power * 10 + np.int64(data[at]) - _ZERO
        at += 1
    if at == begin or power > _MOST_EXPONENT or (at < end and _ZERO <= data[at] <= _NINE):
        return NOT_READ, 0
    return at, -power if negative else power


@compiled
def _passed(data, at, end):
    """Return where a value that is passed over ends: a number or a text; nowhere where it is anything else."""
    if at < end and data[at] == _QUOTE:
        close, plain = _text(data, at, end)
        return close + 1 if plain else NOT_READ
    return _number(data, at, end)[0]


@compiled
def _text(data, at, end):
    """Return where the text that begins with this quote is closed, and whether it is of plain letters alone; nowhere
    where it is no text, or has an escape.
    """
    if at >= end or data[at] != _QUOTE:
        return NOT_READ, False
    at += 1
    plain = True
    while at < end:
        letter = data[at]
        if letter == _QUOTE:
            return at, plain
        if letter == _ESCAPE or letter < 32:
            return NOT_READ, False
        plain = plain and letter < 127
        at += 1
    return NOT_READ, False


@compiled
def _after_colon(data, close, end):
    """Return where the value begins of a name that is closed here; nowhere where there is none."""
    if close < 0:
        return NOT_READ
    at = _blank(data, close + 1, end)
    if at >= end or data[at] != _COLON:
        return NOT_READ
    return _blank(data, at + 1, end)


@compiled
def _blank(data, at, end):
    """Return where blanks end."""
    while at < end and (data[at] == 32 or data[at] == 10 or data[at] == 13 or data[at] == 9):
        at += 1
    return at


@compiled
def _same(data, begin, end, name):
    if end - begin != len(name):
        return False
    for i in range(len(name)):
        if data[begin + i] != name[i]:
            return False
    return True


@compiled
def _is_among(found, count, wanted):
    for i in range(count):
        if found[i] == wanted:
            return True
    return False
