"""Names of months and weekdays as they occur in exports, in English and German."""

from __future__ import annotations

_MONTHS = (
    ("january", "januar", "jänner", "jaenner"),
    ("february", "februar", "feber"),
    ("march", "märz", "maerz"),
    ("april",),
    ("may", "mai"),
    ("june", "juni"),
    ("july", "juli"),
    ("august",),
    ("september", "sept"),
    ("october", "oktober"),
    ("november",),
    ("december", "dezember"),
)
_SHORT = {"mrz": 3}
_WEEKDAYS = (
    ("monday", "montag", "mo"),
    ("tuesday", "dienstag", "tue", "tues", "di"),
    ("wednesday", "mittwoch", "wed", "mi"),
    ("thursday", "donnerstag", "thu", "thur", "thurs", "do"),
    ("friday", "freitag", "fri", "fr"),
    ("saturday", "samstag", "sonnabend", "sat", "sa"),
    ("sunday", "sonntag", "sun", "so"),
)

MONTHS: dict[str, int] = {
    name[:length]: number
    for number, names in enumerate(_MONTHS, start=1)
    for name in names
    for length in {3, len(name)}
} | _SHORT
"""The number of each month by its name in lower case: in full, or the first three letters."""

WEEKDAYS: dict[str, int] = {
    name: number for number, names in enumerate(_WEEKDAYS) for name in (*names, names[0][:3])
}
"""The number of each weekday by its name in lower case; Monday is 0."""
