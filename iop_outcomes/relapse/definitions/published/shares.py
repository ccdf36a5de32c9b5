"""Published definitions of reduction that are shares of weeks without use, as data.

`weeks` is the length of the protocol: a definition whose paper looks at a later week ends there.
Where the reference's stored answers follow another rule than the paper, what they measure
is beside.
"""

from __future__ import annotations

from iop_outcomes.relapse.definitions.conditions import From, When
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import Measure, Retained, Share
from iop_outcomes.relapse.definitions.published.abstinence import thinned
from iop_outcomes.relapse.definitions.published.papers import (
    AS_NOT_CLEAR,
    LEFT_OUT,
    SHARE,
    Stored,
    define,
    ends,
    tested,
)
from iop_outcomes.relapse.definitions.steps import (
    SEEN_ONLY,
    Delete,
    FillWithMode,
    Recode,
    SeenBy,
    UpToLastSeen,
)

DUE = Share("-")  # of all weeks due
SEEN = Share("-", left_out="o")  # of the weeks in which the person was seen
ALL, OF_SEEN = "all weeks due", "the weeks in which the person was seen"
MISSED_TO_USE = (Recode("o", "+"),)


def share_definitions(weeks: int) -> list[Definition]:
    """Return the definitions that are shares of weeks; the registry puts them in order."""
    return [
        *_of_all_weeks(),
        *_of_weeks_seen(weeks),
        *_of_a_stretch(weeks),
        *_of_visits(weeks),
        *_with_retention(),
    ]


def _share(
    name: str,
    paper: str,
    measure: Measure,
    stored: str | Stored,
    *adaptation: str,
    of: str = ALL,
    missing: str = AS_NOT_CLEAR,
) -> Definition:
    title = f"Share of weeks clear ({paper.replace('_', ' ').title()})"
    rule = f"The share of weeks without use, of {of}."
    return define(
        name,
        paper,
        "reduction",
        title,
        measure,
        stored,
        rule=rule,
        missing=missing,
        unit=SHARE,
        adaptation=adaptation,
    )


def _seen(name: str, paper: str, stored: str | Stored, *adaptation: str) -> Definition:
    return _share(name, paper, SEEN, stored, *adaptation, of=OF_SEEN, missing=LEFT_OUT)


def _not_use(column: str, measure: Share) -> Stored:
    # What the reference stores of a share of use: 1 - share.
    return ((column, From(1, measure)),)


def _of_all_weeks() -> list[Definition]:
    not_use = _not_use("Rd_petitjean_2001", Share("+", steps=MISSED_TO_USE))
    thrice = tested("3 times a week")
    return [
        _share("fiellin_2006_share", "fiellin_2006", DUE, "Rd_fiellin_2006"),
        _share("johnson_1992_share", "johnson_1992", DUE, "Rd_johnson_1992", thrice),
        _share("pani_2000_due", "pani_2000", DUE, "Rd_paniB_2000"),
        _share("petitjean_2001", "petitjean_2001", DUE, not_use, "The paper reports it by week."),
    ]


def _of_weeks_seen(weeks: int) -> list[Definition]:
    thrice = tested("3 times a week")
    use, use_of_seen = Share("+"), Share("+", left_out="o")
    stretch = Share("-", 6, weeks, left_out="o")
    shufman = _not_use("Rd_shufman_1994", use)
    strain_1993 = _not_use("Rd_strain_1993", Share("+", 6, weeks))
    return [
        _seen("fudala_2003", "fudala_2003", "Rd_fudala_2003", thrice),
        _seen("pani_2000_done", "pani_2000", "Rd_paniA_2000"),
        _seen("schottenfeld_2005_share", "schottenfeld_2005", "Rd_schottenfeld_2005", thrice),
        _seen("wolstein_2009", "wolstein_2009", "Rd_wolstein_2009"),
        _seen("soyka_2008", "soyka_2008", _not_use("Rd_soyka_2008", use_of_seen), "By month."),
        _seen("strain_1996", "strain_1996", _not_use("Rd_strain_1996", use_of_seen)),
        _seen("strain_1994", "strain_1994", _not_use("Rd_strain_1994", use)),
        _seen(
            "strain_1999", "strain_1999", _not_use("Rd_strain_1999", use), tested("twice a week")
        ),
        _seen("shufman_1994_share", "shufman_1994", shufman),
        _share(
            "strain_1993",
            "strain_1993",
            stretch,
            strain_1993,
            thrice,
            f"The paper looks at stable dosing, here weeks 6 to {weeks}, and does not say what a "
            "missed test counts as.",
            of=f"{OF_SEEN} from week 6 to {weeks}",
            missing=LEFT_OUT,
        ),
        _share(
            "ling_1998_share",
            "ling_1998",
            Share("-", 1, weeks, left_out="o"),
            (("Rd_lingA_1998", Share("-", 1, weeks, SEEN_ONLY)),),
            thrice,
            of=f"{OF_SEEN} up to week {weeks}",
            missing=LEFT_OUT,
        ),
    ]


def _of_a_stretch(weeks: int) -> list[Definition]:
    thrice, twice = tested("3 times a week"), tested("twice a week")

    def stretch(
        name: str, paper: str, column: str, start: int, end: int, *notes: str
    ) -> Definition:
        last = min(end, weeks)
        notes = (*notes, ends(weeks, end))
        of = f"weeks {start} to {last}"
        return _share(name, paper, Share("-", start, last), f"Rd_{column}", *notes, of=of)

    return [
        stretch("comer_2006", "comer_2006", "comer_2006", 1, 8, twice),
        stretch("haight_2019", "haight_2019", "haight_2019", 5, 24),
        stretch("ling_2010", "ling_2010", "ling_2010", 1, 16, thrice),
        stretch("mattick_2003_whole_trial", "mattick_2003", "mattickB_2003", 1, 13, "Biweekly."),
        stretch("preston_2000", "preston_2000", "preston_2000", 1, 13, thrice),
        stretch("strang_2019", "strang_2019", "strang_2019", 1, 12, thrice),
    ]


def _of_visits(weeks: int) -> list[Definition]:
    every_fourth = (SeenBy("___o" * 3), Delete("_"), *MISSED_TO_USE)
    return [
        _share(
            "lofwall_2018_share",
            "lofwall_2018",
            Share("-", 1, min(weeks, 24), MISSED_TO_USE + thinned(weeks)),
            "Rd_lofwall_2018",
            ends(weeks, 24),
            of=f"weeks 1 to {min(weeks, 24)}, in the second half of which every other week is "
            "looked at and its value carried to the next",
        ),
        _share(
            "woody_2008",
            "woody_2008",
            Share("-", steps=every_fourth),
            _not_use("Rd_woody_2008", Share("+", steps=every_fourth)),
            "The paper imputes missed tests.",
            of="weeks 4, 8 and 12",
        ),
    ]


def _with_retention() -> list[Definition]:
    in_treatment = Share("-", steps=(UpToLastSeen(),))
    until = "the weeks up to the last in which the person was seen"
    return [
        _share(
            "mattick_2003_in_treatment",
            "mattick_2003",
            in_treatment,
            "Rd_mattickA_2003",
            "Biweekly.",
            of=until,
        ),
        _share("tanum_2017", "tanum_2017", in_treatment, "Rd_tanum_2017", of=until),
        _share(
            "jaffe_1972",
            "jaffe_1972",
            When(Retained(8), Share("-", steps=(FillWithMode(),)), 0.0),
            "Rd_jaffe_1972",
            tested("3 times a week"),
            "The paper leaves out who left before week 8; here they have 0.",
            of=f"{ALL}, for those last seen in week 8 or later; 0 for others",
            missing="A missed week counts as the person's most frequent result.",
        ),
    ]
