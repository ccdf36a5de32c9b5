"""The published instruments, as data. No wording of an item is here, only numbers and labels.

Limits and bands are those of the source that is given with them. Where no source was found there is
none here: no change of the BAM, the PHQ-4, the craving scale, the TEA or the CSQ-8 is called
clinically meaningful.
"""

from __future__ import annotations

from iop_outcomes.outcome_scores.instruments.instrument import (
    Band,
    Change,
    Instrument,
    Item,
    Scale,
)

Words = tuple[tuple[str, float], ...]

FREQUENCY: Words = (
    ("not at all", 0),
    ("several days", 1),
    ("more than half the days", 2),
    ("more than half of the days", 2),
    ("nearly every day", 3),
)
PFIZER = "Free: no permission is needed to reproduce, translate, display or distribute it."
VETERANS = "Work of the US Department of Veterans Affairs, in the public domain."
LOEWE = "Loewe et al. 2004, Med Care 42:1194-1201 (two standard errors of measurement)"
NHS = "Manual of NHS Talking Therapies (England)"
KROENKE = "Kroenke, Spitzer and Williams 2001, J Gen Intern Med 16:606-613"
SPITZER = "Spitzer et al. 2006, Arch Intern Med 166:1092-1097"
TOUSSAINT = "Toussaint et al. 2020, J Affect Disord 265:395-401"
CACCIOLA = "Cacciola et al. 2013, J Subst Abuse Treat 44:256-263"
VENDOR = "cut-offs printed by vendors and VISN 4; not validated"


def _items(labels: str, low: float, high: float, words: Words) -> tuple[Item, ...]:
    names = labels.split(", ")
    return tuple(
        Item(str(number), label, low, high, words) for number, label in enumerate(names, 1)
    )


def _numbers(first: int, last: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(first, last + 1))


def _bands(*pairs: tuple[float, str]) -> tuple[Band, ...]:
    return tuple(Band(start, label) for start, label in pairs)


PHQ9 = Instrument(
    "phq9",
    "PHQ-9",
    "9 items",
    14,
    (
        Scale(
            "total",
            "PHQ-9",
            "lower",
            _numbers(1, 9),
            0,
            27,
            "phq9",
            bands=_bands(
                (0, "minimal"),
                (5, "mild"),
                (10, "moderate"),
                (15, "moderately severe"),
                (20, "severe"),
            ),
            changes=(
                Change("5_points", "points", 5, f"Clinically meaningful: {LOEWE}"),
                Change("reliable_6_points", "points", 6, f"Reliable: {NHS}"),
                Change("response_50_percent", "percent", 50, "Response: NCQA, HEDIS"),
                Change("below_10", "cross", 10, f"Recovery: {NHS}"),
                Change("below_5", "cross", 5, "Remission: NCQA, HEDIS"),
            ),
            reliability=0.737,
            reliability_source="after two weeks, 54 patients with major depression: BMC "
            "Psychiatry 2020, 20:474",
        ),
    ),
    _items(
        "interest, mood, sleep, energy, appetite, self-worth, concentration, movement, self-harm",
        0,
        3,
        FREQUENCY,
    ),
    flagged=("9",),
    stems=("phq9", "phq_9"),
    source=KROENKE,
    licence=PFIZER,
    note="Item 9 asks about self-harm: any answer above 0 is shown by itself.",
)

GAD7 = Instrument(
    "gad7",
    "GAD-7",
    "7 items",
    14,
    (
        Scale(
            "total",
            "GAD-7",
            "lower",
            _numbers(1, 7),
            0,
            21,
            "gad7",
            bands=_bands((0, "minimal"), (5, "mild"), (10, "moderate"), (15, "severe")),
            changes=(
                Change("4_points", "points", 4, f"Clinically meaningful: {TOUSSAINT}; {NHS}"),
                Change("below_8", "cross", 8, f"Recovery: {NHS}"),
            ),
        ),
    ),
    _items(
        "nervous, control of worry, worry, relaxing, restless, irritable, afraid", 0, 3, FREQUENCY
    ),
    stems=("gad7", "gad_7"),
    source=SPITZER,
    licence=PFIZER,
)

PHQ4 = Instrument(
    "phq4",
    "PHQ-4",
    "4 items",
    14,
    (
        Scale(
            "total",
            "PHQ-4",
            "lower",
            _numbers(1, 4),
            0,
            12,
            "phq4",
            bands=_bands((0, "none"), (3, "mild"), (6, "moderate"), (9, "severe")),
        ),
        Scale("anxiety", "PHQ-4 anxiety", "lower", ("1", "2"), 0, 6, "phq4_anxiety"),
        Scale("depression", "PHQ-4 depression", "lower", ("3", "4"), 0, 6, "phq4_depression"),
    ),
    _items("nervous, control of worry, interest, mood", 0, 3, FREQUENCY),
    stems=("phq4", "phq_4"),
    source="Kroenke et al. 2009, Psychosomatics 50:613-621",
    licence=PFIZER,
)

USE, RISK = ("4", "5", "6"), ("1", "2", "3", "8", "11", "15")
PROTECTIVE = ("9", "10", "12", "13", "14", "16")
BAM_LABELS = {
    "1": "physical health",
    "2": "sleep",
    "3": "mood",
    "4": "any alcohol",
    "5": "heavy drinking",
    "6": "any drug",
    "8": "craving",
    "9": "confidence",
    "10": "self-help meetings",
    "11": "risky situations",
    "12": "religion or spirituality",
    "13": "work or school",
    "14": "income",
    "15": "family or social problems",
    "16": "contact with supporters",
    "17": "satisfaction with progress",
}
DAYS: Words = (("0", 0), ("1-3", 1), ("4-8", 2), ("9-15", 3), ("16-30", 4))
HEALTH: Words = (("excellent", 0), ("very good", 1), ("good", 2), ("fair", 3), ("poor", 4))
EXTENT: Words = (
    ("not at all", 0),
    ("slightly", 1),
    ("moderately", 2),
    ("considerably", 3),
    ("extremely", 4),
)
INCOME: Words = (("no", 0), ("yes", 4))
BAM_WORDS = {"1": HEALTH, "14": INCOME} | dict.fromkeys(("8", "9", "12", "15", "17"), EXTENT)


def _bam(
    version: str, title: str, days: int, highest: float | None, words: tuple[str, ...], note: str
) -> Instrument:
    """Return one version of the BAM; items 7A to 7G elaborate item 6, and are not scored."""
    likert = version == "likert"
    items = tuple(
        Item(
            number,
            label,
            0,
            highest,
            BAM_WORDS.get(number, DAYS) if likert else (),
        )
        for number, label in BAM_LABELS.items()
    )

    def scale(name: str, better: str, numbers: tuple[str, ...], bands: tuple[Band, ...]) -> Scale:
        high = None if highest is None else highest * len(numbers)
        return Scale(
            name,
            f"BAM {name}",
            "higher" if better == "higher" else "lower",
            numbers,
            0,
            high,
            f"bam_{name}",
            bands=bands if likert else (),
        )

    return Instrument(
        f"bam_{version}",
        "BAM",
        title,
        days,
        (
            scale("use", "lower", USE, _bands((0, "none"), (1, "at or above the cut-off"))),
            scale("risk", "lower", RISK, _bands((0, "below 12"), (12, "12 or more"))),
            scale("protective", "higher", PROTECTIVE, _bands((0, "12 or less"), (13, "above 12"))),
        ),
        items,
        stems=("bam",),
        version_column="bam_version",
        version_words=words,
        source=CACCIOLA,
        licence=VETERANS,
        note=note,
    )


NO_TOTAL = "Three subscales; there is no validated total, and none is worked out."
BAM_LIKERT = _bam(
    "likert",
    "Likert version (items 0 to 4)",
    30,
    4,
    ("likert", "bam", "bam likert"),
    f"{NO_TOTAL} Bands: {VENDOR}.",
)
BAM_CONTINUOUS = _bam(
    "continuous",
    "continuous version, BAM-R (items 0 to 30)",
    30,
    30,
    ("continuous", "bam-r", "bam r", "bamr"),
    NO_TOTAL,
)
BAM_IOP = _bam(
    "iop",
    "7-day version for intensive outpatient programs, BAM-IOP",
    7,
    None,
    ("iop", "bam-iop", "bam iop", "7 days"),
    f"{NO_TOTAL} No source for the limits of its items was found: they are not checked.",
)

CRAVING = Instrument(
    "opioid_craving",
    "Opioid Craving Scale",
    "3 items",
    7,
    (
        Scale(
            "mean",
            "Opioid Craving Scale",
            "lower",
            ("1", "2", "3"),
            0,
            10,
            "opioid_craving",
            "mean",
        ),
    ),
    _items("urge, cue-induced craving, likelihood of use", 0, 10, ()),
    stems=("opioid_craving", "ocs"),
    source="McHugh et al. 2014, Drug Alcohol Depend 145:121-126",
    licence="Not stated in the paper; ask the authors.",
    note="One point more went with 17% higher odds of use in the next week; this is no limit of "
    "meaningful change.",
)

TEA = Instrument(
    "tea",
    "TEA",
    "4 items",
    0,
    (Scale("total", "TEA", "higher", ("1", "2", "3", "4"), 4, 40, "tea"),),
    _items("substance use, health, lifestyle, community", 1, 10, ()),
    stems=("tea",),
    source="Ling et al. 2012, Subst Abuse Rehabil 3:129-136",
    licence="Free of charge.",
    note="The period is the program's own choice.",
)

BARC10 = Instrument(
    "barc10",
    "BARC-10",
    "10 items",
    0,
    (
        Scale(
            "total",
            "BARC-10",
            "higher",
            _numbers(1, 10),
            10,
            60,
            "barc10",
            changes=(Change("reaches_47", "cross", 47, "Score that goes with lasting remission"),),
        ),
    ),
    tuple(Item(number, f"item {number}", 1, 6) for number in _numbers(1, 10)),
    stems=("barc10", "barc_10"),
    source="Vilsaint et al. 2017, Drug Alcohol Depend 177:71-76",
    licence="Not stated in the sources read; ask the authors.",
)

CSQ8 = Instrument(
    "csq8",
    "CSQ-8",
    "8 items",
    0,
    (Scale("total", "CSQ-8", "higher", _numbers(1, 8), 8, 32, "csq8"),),
    tuple(Item(number, f"item {number}", 1, 4) for number in _numbers(1, 8)),
    stems=("csq8", "csq_8"),
    source="Larsen et al. 1979, Eval Program Plann 2:197-207",
    licence="Copyright of C. Clifford Attkisson: a licence and a fee for each use are needed.",
    note="Satisfaction with services. Items hold the points printed beside the answers, 4 the most "
    "satisfied. An export that numbers the answers by their place on the form needs items 2, 4, 5 "
    "and 8 (or the others) reversed.",
)

PUBLISHED = (
    PHQ9,
    GAD7,
    PHQ4,
    BAM_LIKERT,
    BAM_CONTINUOUS,
    BAM_IOP,
    CRAVING,
    TEA,
    BARC10,
    CSQ8,
)
