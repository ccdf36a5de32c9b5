"""The operations on use patterns, one word at a time, as their rules are written.

Slow and plain on purpose: the library's operations on all words at once are held against these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

WEIGHTS = {"+": 1.0, "*": 0.5, "o": 0.22, "-": 0.0}
Penalty = Callable[[int], Sequence[float]]


def cut(word: str, start: int = 1, end: int = -1) -> str:
    """Weeks `start` to `end`, from 1 and inclusive; negative from the end; clipped."""
    places = range(1, len(word) + 1)
    first = start if start > 0 else len(word) + 1 + start
    last = end if end > 0 else len(word) + 1 + end
    return "".join(word[place - 1] for place in places if first <= place <= last)


def use_for_missing(word: str) -> str:
    return word.replace("o", "+").replace("*", "+")


def locf(word: str, missing: str = "o", skipped: str = "") -> str:
    out, last = [], missing
    for symbol in word:
        out.append(last if symbol == missing else symbol)
        if symbol != missing and symbol not in skipped:
            last = symbol
    return "".join(out)


def locf_between(word: str, missing: str = "o") -> str:
    seen = [place for place, symbol in enumerate(word) if symbol != missing]
    if not seen:
        return word
    return locf(word[: seen[-1] + 1], missing) + word[seen[-1] + 1 :]


def mode(word: str) -> str:
    counted = word.replace("*", "+")
    counts = {symbol: counted.count(symbol) for symbol in "+-_"}
    most = max(counts.values())
    if most == 0:
        return word
    winners = [symbol for symbol, count in counts.items() if count == most]
    return word.replace("o", winners[0] if len(winners) == 1 else "+")


def neighbours(word: str, size: int = 1) -> str:
    weights = {"+": 1.0, "*": 0.5, "-": 0.0}
    out = list(word)
    for place in range(size, len(word) - size):
        around = word[place - size : place] + word[place + 1 : place + size + 1]
        if word[place] == "o" and all(symbol in weights for symbol in around):
            mean = sum(weights[symbol] for symbol in around) / len(around)
            out[place] = min(weights, key=lambda symbol: abs(weights[symbol] - mean))
    return "".join(out)


def count(word: str, match: str, start: int = 1, end: int = -1) -> int:
    return cut(word, start, end).count(match)


def clear(word: str, start: int = 1, end: int = -1) -> float:
    """The share of weeks without use, a mixed one counting half; 0 where there are none."""
    part = cut(word, start, end)
    return (part.count("-") + 0.5 * part.count("*")) / len(part) if part else 0.0


def use(word: str, start: int = 1, end: int = -1) -> float:
    part = cut(word, start, end)
    return (part.count("+") + 0.5 * part.count("*")) / len(part) if part else 0.0


def window(
    word: str, width: int, threshold: int, symbol: str = "+", offset: int | None = None
) -> tuple[float, float]:
    offset = width - threshold if offset is None else offset
    if len(word) < width:
        return math.nan, math.nan
    last = len(word) - width + 1
    for place in range(last):
        if word[place : place + width].count(symbol) >= threshold:
            return place + 1 + offset, 1
    return last + offset, 0


def retention(word: str, missing: str = "o") -> int:
    return max((place for place, symbol in enumerate(word, 1) if symbol not in missing), default=0)


def longest(word: str, without: str = "+") -> int:
    for symbol in without:
        word = word.replace(symbol, "|")
    return max(len(piece) for piece in word.split("|"))


def score(
    word: str,
    weights: Mapping[str, float] = WEIGHTS,
    use_penalty: Penalty | None = None,
    missing_penalty: Penalty | None = None,
) -> float:
    ones = [1.0] * len(word)
    of_use = use_penalty(len(word)) if use_penalty else ones
    of_missing = missing_penalty(len(word)) if missing_penalty else ones
    total = highest = 0.0
    for place, symbol in enumerate(word):
        factor = {"+": of_use, "*": of_use, "o": of_missing}.get(symbol, ones)[place]
        total += weights.get(symbol, math.nan) * factor
        highest += max(weights["+"] * of_use[place], weights["o"] * of_missing[place])
    return 120 * total / highest


def by_lattice(word: str, lattice: str) -> str:
    padded = word[: len(lattice)].ljust(len(lattice), "o")
    return "".join(
        "_" if visit == "_" else symbol for symbol, visit in zip(padded, lattice, strict=True)
    )


def even_rise(weeks: int) -> list[float]:
    return [1 + 4 * week / (weeks - 1) if weeks > 1 else 1.0 for week in range(weeks)]


def fifths(weeks: int) -> list[float]:
    return [1 + week // 3 for week in range(weeks)]


def reference(word: str) -> dict[str, float]:
    """All 62 columns of the reference answers of one word, as endpoints are coded there."""
    p, d = use_for_missing(word), word.replace("o", "")
    n = word.replace("o", "-").replace("*", "+")
    seen = retention(word)
    out: dict[str, float] = {}

    end = word.replace("*", "+")[11:15]
    out["Ab_ctnNinetyFour_2023"] = sorted(end) in (sorted("----"), sorted("---o"))
    out["Ab_fiellin_2006"] = count(p, "-")
    out["Ab_kosten_1993"] = "---" in word
    out["Ab_krupitskyA_2011"] = "+" not in cut(p, 5, 15)
    out["Ab_krupitskyB_2011"] = count(p, "-", 5, 15)
    out["Ab_ling_1998"] = "----" in word
    seen_by = locf(by_lattice(p, "ooooooo" + "_o" * 4), "_")
    out["Ab_lofwall_2018"] = (
        clear(seen_by, 5, 7) >= 2 / 3 and seen_by[7] == "-" and clear(seen_by, 9, 15) >= 5 / 6
    )
    out["AbT_mokri_2016"], out["AbE_mokri_2016"] = window(p, 1, 1)
    out["Ab_schottenfeld_2005"] = longest(d.replace("*", "+"))
    out["AbT_schottenfeldA_2008"], out["AbE_schottenfeldA_2008"] = window(p, 1, 1)
    out["Ab_schottenfeldB_2008"] = longest(p)
    out["AbT_shufman_1994"], out["AbE_shufman_1994"] = window(n, 1, 1)
    out["Ab_ctnThirty_2011"] = p[-1] == "-" and p[-4:-1].count("+") <= 1

    out["Rd_comer_2006"] = clear(word, 1, 8)
    out["Rd_eissenberg_1997"] = seen >= 15 and "----" in neighbours(word)[:15]
    out["Rd_fiellin_2006"] = clear(word)
    out["Rd_fudala_2003"] = clear(d)
    out["Rd_haight_2019"] = clear(word, 5, 15)
    out["Rd_jaffe_1972"] = clear(mode(word)) if seen >= 8 else 0
    out["Rd_johnson_1992"] = clear(word)
    out["Rd_kostenB_1993"] = clear(d, 1, 15) >= 0.7
    out["Rd_lingA_1998"] = clear(d, 1, 15)
    out["Rd_lingC_1998"] = count(word, "-", 1, 15) + 0.5 * count(word, "*", 1, 15)
    out["Rd_ling_2010"] = clear(word, 1, 15)
    heavier = {"+": 0.8, "*": 0.4, "o": 1.0, "-": 0.0}
    out["Rd_lingA_1976"] = 120 - score(word[:15], WEIGHTS, fifths) if seen > 3 else 0
    out["Rd_lingB_1976"] = 120 - score(word[:15], heavier, even_rise) if seen > 3 else 0
    mixed_kept = by_lattice(word.replace("o", "+"), "ooooooo" + "_o" * 4)
    out["Rd_lofwall_2018"] = clear(locf(mixed_kept, "_"))
    out["Rd_mattickA_2003"] = clear(word[:seen])
    out["Rd_mattickB_2003"] = clear(word, 1, 13)
    out["Rd_paniA_2000"] = clear(d)
    out["Rd_paniB_2000"] = clear(word)
    out["Rd_petitjean_2001"] = 1 - use(word.replace("o", "+"))
    out["Rd_preston_2000"] = clear(word, 1, 13)
    out["Rd_schottenfeld_2005"] = clear(d)
    out["Ab_schwartz_2006"] = word[14] == "-"
    out["Rd_shufman_1994"] = 1 - use(word)
    out["Rd_soyka_2008"] = 1 - use(d)
    out["Rd_strain_1993"] = 1 - use(word, 6, 15)
    out["Rd_strain_1994"] = 1 - use(word)
    out["Rd_strain_1996"] = 1 - use(d)
    out["Rd_strain_1999"] = 1 - use(word)
    out["Rd_strang_2010"] = clear(word[-12:]) >= 0.5
    out["Rd_strang_2019"] = clear(word, 1, 12)
    out["Rd_tanum_2017"] = clear(word[:seen])
    out["Rd_wolstein_2009"] = clear(d)
    out["Rd_woody_2008"] = 1 - use((word[3] + word[7] + word[11]).replace("o", "+"))
    out["Rd_zaks_1972"] = len(d) - d.count("+") - 0.5 * d.count("*")

    out["RsT_ctnNinetyFour_2023"], out["RsE_ctnNinetyFour_2023"] = window(p, 4, 4)
    out["DrT_ctnNinetyFour_2023"], out["DrE_ctnNinetyFour_2023"] = window(word, 4, 4, "o")
    out["Rs_johnson_1992"] = "++" in p[3:]
    out["Rs_krupitsky_2004"] = "+++" in p
    out["RsT_lee_2016"], out["RsE_lee_2016"] = window(p, 4, 2)
    time, event = window(p[2:], 4, 4)
    out["RsT_ctnFiftyOne_2018"], out["RsE_ctnFiftyOne_2018"] = time + 2, event
    out["RsT_schottenfeld_2008"], out["RsE_schottenfeld_2008"] = window(p, 3, 3)
    return {name: float(value) for name, value in out.items()}


def event_week(
    word: str, width: int, threshold: int, *, from_week: int = 1, missing: str = "use"
) -> dict[str, int | bool]:
    """When a definition of use is met, week by week: each week looks back over `width` weeks."""
    due = word.rstrip("_")
    weeks = list(enumerate(due, 1))
    if missing == "use":
        filled = due.replace("o", "+")
    elif missing == "no_use":
        filled = due.replace("o", "-")
    elif missing == "last_value":
        filled = locf(due, "o", "_")
    elif missing == "drop":
        weeks = [(week, symbol) for week, symbol in weeks if symbol != "o"]
        filled = "".join(symbol for _, symbol in weeks)
    elif missing == "censor":
        weeks, filled = weeks[: due.find("o")] if "o" in due else weeks, due.split("o")[0]
    uses = [
        place
        for place, symbol in enumerate(filled)
        if symbol in "+*" and weeks[place][0] >= from_week
    ]
    for place in uses:
        counted = [other for other in uses if place - width < other <= place]
        if len(counted) == threshold:
            onset = weeks[counted[0]][0]
            return {
                "event": True,
                "weeks": weeks[place][0],
                "onset": onset,
                "missed_weeks": sum(weeks[other][1] == "o" for other in counted),
                "last_clear": max(
                    w for w, s in [(0, "-"), *enumerate(due, 1)] if s == "-" and w < onset
                ),
            }
    if missing in ("use", "no_use", "last_value"):  # every week due counts as something
        return {"event": False, "weeks": len(due)}
    known = [week for week, symbol in weeks if symbol in "+-*"]
    return {"event": False, "weeks": max(known, default=0)}
