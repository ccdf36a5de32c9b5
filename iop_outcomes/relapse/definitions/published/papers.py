"""The papers that the published definitions come from: each as cited, with its DOI."""

from __future__ import annotations

from collections.abc import Sequence

from iop_outcomes.relapse.definitions.definition import Definition, Kind
from iop_outcomes.relapse.definitions.measures import Measure
from iop_outcomes.relapse.definitions.windows import ReferenceWindow, Window

PAPERS = {
    "comer_2006": ("Comer et al. 2006, Arch Gen Psychiatry", "10.1001/archpsyc.63.2.210"),
    "ctn_0030": ("Weiss et al. 2011, Arch Gen Psychiatry", "10.1001/archgenpsychiatry.2011.121"),
    "ctn_0051": ("Lee et al. 2018, Lancet", "10.1016/S0140-6736(17)32812-X"),
    "ctn_0094": ("CTN-0094 team 2023", ""),
    "eissenberg_1997": ("Eissenberg et al. 1997, JAMA", "10.1001/jama.1997.03540480045037"),
    "fiellin_2006": ("Fiellin et al. 2006, N Engl J Med", "10.1056/nejmoa055255"),
    "fudala_2003": ("Fudala et al. 2003, N Engl J Med", "10.1056/nejmoa022164"),
    "haight_2019": ("Haight et al. 2019, Lancet", "10.1016/S0140-6736(18)32259-1"),
    "jaffe_1972": ("Jaffe et al. 1972, JAMA", "10.1001/jama.1972.03210040013004"),
    "johnson_1992": ("Johnson, Jaffe and Fudala 1992, JAMA", "10.1001/jama.1992.03480200058024"),
    "kosten_1993": ("Kosten et al. 1993, J Nerv Ment Dis", "10.1097/00005053-199306000-00004"),
    "krupitsky_2004": (
        "Krupitsky et al. 2004 and 2006, J Subst Abuse Treat",
        "10.1016/j.jsat.2004.02.002; 10.1016/j.jsat.2006.05.005",
    ),
    "krupitsky_2011": ("Krupitsky et al. 2011, Lancet", "10.1016/S0140-6736(11)60358-9"),
    "lee_2016": ("Lee et al. 2016, N Engl J Med", "10.1056/nejmoa1505409"),
    "ling_1976": (
        "Ling, Charuvastra, Kaim and Klett 1976, Arch Gen Psychiatry",
        "10.1001/archpsyc.1976.01770060043007",
    ),
    "ling_1998": ("Ling et al. 1998, Addiction", "10.1046/j.1360-0443.1998.9344753.x"),
    "ling_2010": ("Ling et al. 2010, JAMA", "10.1001/jama.2010.1427"),
    "lofwall_2018": ("Lofwall et al. 2018, JAMA Intern Med", "10.1001/jamainternmed.2018.1052"),
    "mattick_2003": ("Mattick et al. 2003, Addiction", "10.1046/j.1360-0443.2003.00335.x"),
    "mokri_2016": ("Mokri et al. 2016, Addiction", "10.1111/add.13259"),
    "pani_2000": ("Pani et al. 2000, Drug Alcohol Depend", "10.1016/s0376-8716(99)00140-4"),
    "petitjean_2001": (
        "Petitjean et al. 2001, Drug Alcohol Depend",
        "10.1016/S0376-8716(00)00163-0",
    ),
    "preston_2000": ("Preston et al. 2000, Arch Gen Psychiatry", "10.1001/archpsyc.57.4.395"),
    "schottenfeld_2005": (
        "Schottenfeld et al. 2005, Am J Psychiatry",
        "10.1176/appi.ajp.162.2.340",
    ),
    "schottenfeld_2008": (
        "Schottenfeld, Chawarski and Mazlan 2008, Lancet",
        "10.1016/S0140-6736(08)60954-X",
    ),
    "schwartz_2006": ("Schwartz et al. 2006, Arch Gen Psychiatry", "10.1001/archpsyc.63.1.102"),
    "shufman_1994": ("Shufman et al. 1994, Biol Psychiatry", "10.1016/0006-3223(94)91240-8"),
    "soyka_2008": ("Soyka et al. 2008, Int J Neuropsychopharmacol", "10.1017/S146114570700836X"),
    "strain_1993": (
        "Strain et al. 1993, Ann Intern Med",
        "10.7326/0003-4819-119-1-199307010-00004",
    ),
    "strain_1994": ("Strain et al. 1994, Am J Psychiatry", "10.1176/ajp.151.7.1025"),
    "strain_1996": (
        "Strain et al. 1996, J Clin Psychopharmacol",
        "10.1097/00004714-199602000-00010",
    ),
    "strain_1999": ("Strain et al. 1999, JAMA", "10.1001/jama.281.11.1000"),
    "strang_2010": ("Strang et al. 2010, Lancet", "10.1016/S0140-6736(10)60349-2"),
    "strang_2019": ("Strang et al. 2019, Health Technol Assess", "10.3310/hta23030"),
    "tanum_2017": ("Tanum et al. 2017, JAMA Psychiatry", "10.1001/jamapsychiatry.2017.3206"),
    "wolstein_2009": ("Wolstein et al. 2009, Pharmacopsychiatry", "10.1055/s-0028-1083818"),
    "woody_2008": ("Woody et al. 2008, JAMA", "10.1001/jama.2008.574"),
    "zaks_1972": ("Zaks et al. 1972, JAMA", "10.1001/jama.1972.03200060039005"),
}

AS_USE = "A missed week counts as use, and so does a mixed one."
AS_NOT_CLEAR = "A missed week counts as not clear; a mixed one counts half."
LEFT_OUT = "Missed weeks are left out; a mixed one counts half."

EVENT = "met or not, and the weeks to it"
YES_OR_NO = "yes or no"
WEEKS = "weeks"
SHARE = "share of weeks, 0 to 1; higher is better"

Stored = tuple[tuple[str, Measure], ...]


def define(
    name: str,
    paper: str,
    kind: Kind,
    title: str,
    measure: Measure,
    stored: str | Stored,
    *,
    rule: str,
    missing: str,
    unit: str,
    adaptation: str | Sequence[str] = "",
) -> Definition:
    """Return a published definition; `stored` names the reference's column, or says what it is."""
    citation, doi = PAPERS[paper]
    return Definition(
        name=name,
        title=title,
        kind=kind,
        rule=rule,
        missing=missing,
        measure=measure,
        unit=unit,
        citation=citation,
        doi=doi,
        adaptation=adaptation
        if isinstance(adaptation, str)
        else " ".join(filter(None, adaptation)),
        reference=((stored, measure),) if isinstance(stored, str) else stored,
    )


def pair(ending: str, window: Window, prefix: str = "Rs") -> Stored:
    """Return the two columns in which the reference holds a time and its event."""
    return (
        (f"{prefix}T_{ending}", ReferenceWindow(window, time=True)),
        (f"{prefix}E_{ending}", ReferenceWindow(window)),
    )


def tested(often: str) -> str:
    """Return how often the paper tested, where it is not weekly."""
    return f"Tested {often} in the paper, one symbol a week here."


def ends(weeks: int, last: int) -> str:
    """Return how the last week that counts differs from the paper's."""
    if weeks >= last:
        return ""
    return f"The paper looks at weeks up to {last}, here at those up to {weeks}."
