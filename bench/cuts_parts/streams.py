"""Streams of a few hundred messages, by a seed: several assets go wrong at once, and what they are decides together."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from bench.cuts_parts.minimal import OWN, POWER, own, sparkplug
from bench.cuts_parts.plants import KEEN, MODEL, START, Case, Item, a_message, a_plant, entry, limit, warm

ROUNDS = 30
"""Each asset sends so often, every ten seconds."""


def dip(seed: int) -> Case:
    """A power dip in one area: machines with models and machines with limits go wrong within a minute, interleaved."""
    noise = random.Random(seed)
    fans, pumps = [f"M-{k}" for k in range(8)], [f"R-{k}" for k in range(8)]
    assets = [entry(code, "fan", ["x"], area="A") for code in fans]
    assets += [entry(code, "pump", ["temp"], area="A") for code in pumps]
    off_at = {code: 12 + noise.randrange(6) for code in (*fans, *pumps)}
    back_at = {code: off_at[code] + noise.randrange(3, 20) for code in off_at}
    items: list[Item] = [warm(code) for code in fans]
    for k in range(ROUNDS):
        order = [*fans, *pumps]
        noise.shuffle(order)
        for i, code in enumerate(order):
            off, second = off_at[code] <= k < back_at[code], k * 10 + i * 0.2
            if code in fans:
                items.append(a_message(second, code, x=round(noise.gauss(50, 1) + 30 * off, 2)))
            else:
                items.append(a_message(second, code, temp=95.0 if off else round(noise.gauss(60, 1), 2)))
        if k % 7 == 6:
            items.append(("tick", None, {"at": (START + timedelta(seconds=k * 10 + 9)).isoformat()}))
    model = noise.choice([KEEN, KEEN | {"frame_step_s": 10.0}, MODEL])
    return Case(a_plant(*assets), {"threshold": [limit("hot", "pump")]}, {"fan": model}, items)


def causes(seed: int) -> Case:
    """Cabinets lose their power now and then; what stands behind them is judged by models and by limits."""
    noise = random.Random(seed)
    cabinets = [f"C-{k}" for k in range(3)]
    fans, pumps = ({f"{kind}-{k}": cabinets[k % 3] for k in range(6)} for kind in "MR")
    assets = [entry(code, "cabinet", ["u"]) for code in cabinets]
    assets += [entry(code, "fan", ["x"], cabinet) for code, cabinet in fans.items()]
    assets += [entry(code, "pump", ["temp"], cabinet) for code, cabinet in pumps.items()]
    out = {code: (begin := noise.randrange(3, 20), begin + noise.randrange(2, 15)) for code in cabinets}
    items: list[Item] = [warm(code) for code in fans]
    for k in range(ROUNDS):
        order = [*cabinets, *fans, *pumps]
        noise.shuffle(order)
        for i, code in enumerate(order):
            begin, end = out[{**fans, **pumps}.get(code, code)]
            off, second = begin <= k < end, k * 10 + i * 0.2
            if code in cabinets:
                items.append(a_message(second, code, u=0.0 if off else 230.0))
            elif code in fans:
                items.append(a_message(second, code, x=round(noise.gauss(50, 1) + 30 * off, 2)))
            else:
                items.append(a_message(second, code, temp=95.0 if off else round(noise.gauss(60, 1), 2)))
    return Case(a_plant(*assets), {"threshold": [POWER, limit("hot", "pump")]}, {"fan": KEEN}, items)


def mixed(seed: int) -> Case:
    """Assets by the native payload, by a mapping and by both, a device of Sparkplug that dies and is born again, assets
    that nobody knew, repetitions, late readings and junk; all in one area.
    """
    noise = random.Random(seed)
    fans, pumps = [f"M-{k}" for k in range(6)], [f"R-{k}" for k in range(4)]
    assets = [entry(code, "fan", ["x"], area="A") for code in (*fans, "X")]
    assets += [entry(code, "pump", ["x"], area="A") for code in pumps]
    off_at = {code: noise.randrange(6, 20) for code in (*fans, *pumps, "X")}
    items: list[Item] = [*(warm(code) for code in (*fans, "X")), sparkplug("NBIRTH", 0, seq=0)]
    seq, alive = 0, False
    for k in range(ROUNDS):
        order = [*fans, *pumps, "X", *(["N-1"] if k > 10 else []), *(["N-2"] if noise.random() < 0.2 else [])]
        noise.shuffle(order)
        for i, code in enumerate(order):
            off, second = k >= off_at.get(code, ROUNDS), k * 10 + i * 0.2
            value = round(noise.gauss(50, 1) + 30 * off, 2) if code not in pumps else 95.0 if off else 60.0
            if code == "X":
                seq += 1
                kind = "DDATA" if alive and noise.random() < 0.8 else "DDEATH" if alive else "DBIRTH"
                alive = kind != "DDEATH"
                values = {"x": value} if alive else {}
                items.append(sparkplug(kind, second, seq=seq % 256, device="X", **values))
            elif code in (fans[0], pumps[0]) or (code == fans[1] and noise.random() < 0.3):
                items.append(own(second, code, value))
            else:
                items.append(a_message(second, code, x=value))
            if noise.random() < 0.05:
                items.append(noise.choice([items[-1], a_message(second - 45, code, x=50.0), _junk(items[-1])]))
    rules = {"threshold": [limit("hot", "pump", "x"), limit("new", "unclassified", "x", 51)]}
    more = {"sparkplug_host": "plant", "sparkplug_rebirth_s": 3600.0}
    return Case(a_plant(*assets), rules, {"fan": KEEN}, items, more, [OWN])


def _junk(item: Item) -> Item:
    """Return a message that nothing can read, on the topic of another."""
    assert not isinstance(item, tuple)
    return type(item)(item.topic, b"junk", item.received_us)


STREAMS: dict[str, Callable[[int], Case]] = {"dip": dip, "causes": causes, "mixed": mixed}
