"""The methods that the numbers of a report rest on, each with its paper, standard or rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.compare.cohorts.references import WORKS
from iop_outcomes.outcome_scores.instruments.published import CACCIOLA, KROENKE, SPITZER
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import BY_MONTH, Scope
from iop_outcomes.versions import show_versions

METHODS, SOFTWARE = "methods", "software"
SOFTWARE_TITLE = "What the numbers were calculated with"
BELOW_NUMBERS = ("iop-outcomes", "python", "pandas", "numpy", "scipy", "lifelines")
Used = Callable[[Scope, Counted], bool]


@dataclass(frozen=True)
class Method:
    """What a number of a report rests on.

    Attributes
    ----------
    name : str
        What is calculated, or decided, by it.
    source : str
        The paper, the standard or the rule, as the documentation of the function cites it.
    sections : tuple of str
        The sections whose numbers rest on it.
    used : callable
        Whether those of a report do.
    """

    name: str
    source: str
    sections: tuple[str, ...]
    used: Used


def _always(_: Scope, __: Counted) -> bool:
    return True


def _over_time(scope: Scope, counted: Counted) -> bool:
    return scope.period is not None and bool(counted.trends.drawn)


def _has(measure: str) -> Used:
    return lambda _, counted: measure in counted.trends.drawn


def _table(name: str) -> Used:
    return lambda _, counted: name in counted.drafts


def _row(table: str, word: str) -> Used:
    """Return whether a table has a row that begins with a word."""

    def used(_: Scope, counted: Counted) -> bool:
        if table not in counted.drafts:
            return False
        first = counted.drafts[table].table.frame.iloc[:, 0].astype(str)
        return bool(first.str.contains(word, regex=False).any())

    return used


def _charted(_: Scope, counted: Counted) -> bool:
    return any(name in counted.trends.drawn for name in BY_MONTH)


def _of_sessions(scope: Scope, counted: Counted) -> bool:
    by_day = "attendance_by_weekday" in counted.drafts or counted.weeks is not None
    return by_day or counted.site_attendance is not None or _charted(scope, counted)


def _of_people(scope: Scope, counted: Counted) -> bool:
    return _over_time(scope, counted) or "continuity" in counted.drafts


CLUSTERED_MEAN = (
    "Cochran WG. Sampling Techniques, 3rd edition. Wiley 1977: the variance of a mean of clusters, "
    "each the episodes of one person. Student's t with one degree of freedom fewer than people."
)
TRENDS = ("what-changed", "trends", "response")
FOUND = (
    Method(
        "Which counts are hidden",
        "Centers for Medicare & Medicaid Services, cell size suppression policy: no count from 1 "
        "to 10, and nothing from which one follows.",
        (),
        lambda scope, _: scope.policy.threshold == 11,
    ),
    Method(
        "Whether a hidden count follows from others",
        "Feasibility test by integer programming: Fischetti M, Salazar JJ. Management Science "
        "2001; 47: 1008-1027.",
        (),
        lambda scope, _: scope.policy.threshold > 1,
    ),
    Method(
        "Limits of a share of people",
        "Wilson EB. Probable inference, the law of succession, and statistical inference. Journal "
        "of the American Statistical Association 1927; 22: 209-212.",
        (*TRENDS, "engagement", "symptoms", "beside-earlier"),
        _of_people,
    ),
    Method(
        "Limits of a share of sessions or check-ins, of which those of one person are alike",
        "Cochran WG. Sampling Techniques, 3rd edition. Wiley 1977. Rao JNK, Scott AJ. A simple "
        "method for the analysis of clustered binary data. Biometrics 1992; 48: 577-585.",
        (*TRENDS, "attendance", "sites", "beside-earlier"),
        _of_sessions,
    ),
    Method(
        "Limits of a number of admissions",
        "Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936; 28: 437-442.",
        TRENDS,
        _has("admissions"),
    ),
    Method(
        "Difference of two shares of people",
        "Newcombe, Statistics in Medicine 1998; 17: 873-890, method 10.",
        TRENDS,
        _over_time,
    ),
    Method(
        "Ratio of two numbers of admissions",
        "Wilson EB. Journal of the American Statistical Association 1927; 22: 209-212: limits of "
        "the later number as a share of both. Given both, it is binomial: Przyborowski and "
        "Wilenski, Biometrika 1940; 31: 313-323.",
        TRENDS,
        _has("admissions"),
    ),
    Method(
        "Control charts of sessions and check-ins",
        "Laney DB. Improved control charts for attributes. Quality Engineering 2002; 14: 531-537.",
        TRENDS,
        _charted,
    ),
    Method(
        "Control charts of shares of people",
        "Montgomery DC. Introduction to statistical quality control. 8th ed. Wiley, 2020; section "
        "7.2.",
        ("what-changed",),
        _has("retained_30"),
    ),
    Method(
        "Control charts of numbers of admissions",
        "Provost LP, Murray SK. The health care data guide. 2nd ed. Jossey-Bass, 2022. Limits at "
        "least as wide as of a Poisson count: Montgomery DC. Introduction to statistical quality "
        "control. 8th ed. Wiley, 2020; section 7.3.",
        ("what-changed",),
        _has("admissions"),
    ),
    Method(
        "Which points of a chart are a signal",
        "NHS England. Making data count: strengthening your decisions. 2019.",
        ("what-changed", "trends"),
        _over_time,
    ),
    Method(
        "Length of stay",
        "Substance Abuse and Mental Health Services Administration. Treatment Episode Data Set "
        "(TEDS) 2004: Discharges from Substance Abuse Treatment Services, chapter 2.",
        ("flow", "who-stayed", "trends", "attendance"),
        lambda scope, _: scope.engagement is not None,
    ),
    Method(
        "Nine hours a week",
        "Substance Abuse and Mental Health Services Administration. Advisory (2021), based on TIP "
        "47: clinical issues in intensive outpatient treatment.",
        ("attendance",),
        lambda scope, counted: "programs" in counted.drafts and scope.tells("hours"),
    ),
    Method(
        "Reasons of discharge",
        "Substance Abuse and Mental Health Services Administration. Treatment Episode Data Set: "
        "Discharges (TEDS-D).",
        ("who-stayed",),
        _table("discharges"),
    ),
    Method(
        "Started and engaged (IET style)",
        "National Committee for Quality Assurance. Initiation and Engagement of Substance Use "
        "Disorder Treatment (IET).",
        ("engagement",),
        _row("continuity", "IET"),
    ),
    Method(
        "Started and engaged (Washington Circle)",
        "Garnick DW, Lee MT, Horgan CM, Acevedo A. Adapting Washington Circle performance measures "
        "for public sector substance abuse treatment systems. Journal of Substance Abuse Treatment "
        "2009; 36: 265-277.",
        ("engagement",),
        _row("continuity", "Washington Circle"),
    ),
    Method(
        "Continuity of care (VA)",
        "Veterans Health Administration, Health Services Research and Development: continuity of "
        "care, substance use disorder performance measure.",
        ("engagement",),
        _row("continuity", "(VA)"),
    ),
    Method(
        "First to fourth session",
        "NIATx, Network for the Improvement of Addiction Treatment: reduce waiting and no-shows, "
        "increase admissions and continuation.",
        ("engagement",),
        _row("continuity", "NIATx"),
    ),
    Method(
        "Seen after a stay elsewhere",
        "National Committee for Quality Assurance. Follow-Up After High-Intensity Care for "
        "Substance Use Disorder (FUI).",
        ("engagement",),
        _row("continuity", "Seen within"),
    ),
    Method(
        "Share without relapse by day",
        WORKS["(1958)"],
        ("relapse",),
        lambda _, counted: counted.relapse is not None,
    ),
    Method(
        "Limits of curves",
        "Greenwood's sum, on the log-log scale, from the printed figures alone, as if each episode "
        "were another person.",
        ("relapse",),
        lambda scope, counted: counted.relapse is not None and scope.policy.threshold > 1,
    ),
    Method(
        "Limits of curves",
        "Greenwood's sum, on the log-log scale; where people have several episodes, in place of "
        "it the infinitesimal jackknife (robust standard errors), a person's episodes together.",
        ("relapse", "who-stayed"),
        lambda scope, counted: (
            scope.policy.threshold == 1
            and (counted.relapse is not None or counted.stays is not None)
        ),
    ),
    Method(
        "Relapse between two check-ins",
        "Peto 1973, Appl Stat 22:86-91; Turnbull 1976, JRSS-B 38:290-295.",
        ("relapse",),
        lambda _, counted: counted.relapse is not None and counted.relapse.interval is not None,
    ),
    Method(
        "How episodes ended, with other ends",
        "Aalen and Johansen 1978, Scand J Stat 5:141-150.",
        ("who-stayed",),
        lambda _, counted: counted.stays is not None,
    ),
    Method(
        "Relapse and other ends, whichever came first",
        "Aalen and Johansen 1978, Scand J Stat 5:141-150.",
        ("relapse",),
        lambda _, counted: counted.relapse is not None and counted.relapse.first.told,
    ),
    Method(
        "Interval of a mean change",
        CLUSTERED_MEAN,
        ("symptoms",),
        _table("symptoms"),
    ),
    Method(
        "Interval of a paired difference of shares",
        f"{CLUSTERED_MEAN} The difference of a person is 1, 0 or -1.",
        ("symptoms",),
        _table("functioning"),
    ),
    Method("PHQ-9", f"{KROENKE}.", ("symptoms",), _row("symptoms", "PHQ-9")),
    Method("GAD-7", f"{SPITZER}.", ("symptoms",), _row("symptoms", "GAD-7")),
    Method("BAM", f"{CACCIOLA}.", ("symptoms",), _row("symptoms", "BAM")),
    Method(
        "Attendance of a program beside that of all",
        "Zou GY, Donner A. Statistics in Medicine 2008; 27: 1693-1702: the interval of the "
        "difference from the other programs, from those of both shares; times the part that the "
        "others have of all sessions. Of several programs Bonferroni's level, 5% divided by their "
        "number; of two there is one difference.",
        ("sites", "what-changed"),
        lambda _, counted: counted.site_attendance is not None,
    ),
    Method(
        "Programs as a funnel",
        "Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in "
        "Medicine 2005; 24: 1185-1202. Limits: exact for binomial counts; from 10 programs on, "
        "with the variance between programs beyond chance (overdispersion). Partly pooled: an "
        "empirical Bayes estimate, Marshall RJ. Applied Statistics 1991; 40: 283-294.",
        ("sites", "what-changed"),
        lambda _, counted: bool(counted.sites),
    ),
    Method(
        "Groups of the checks on data quality",
        "Kahn and others. A harmonized data quality assessment terminology and framework for the "
        "secondary use of electronic health record data. eGEMs 2016;4(1):1244.",
        ("data-quality",),
        _always,
    ),
)
"""All methods of reports, in the order of the sections."""


def methods_table(scope: Scope, counted: Counted, left_out: tuple[str, ...]) -> Table:
    """Return the methods of a report with their sources.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    counted : Counted
        All that it counts.
    left_out : tuple of str
        The sections that it does not have.
    """
    rows = [
        (one.name, one.source)
        for one in FOUND
        if one.used(scope, counted) and not (one.sections and set(one.sections) <= set(left_out))
    ]
    frame = pd.DataFrame(rows, columns=["what", "paper, standard or rule"])
    return Table(METHODS, "Which methods the numbers rest on", frame)


def software_table() -> Table:
    """Return the versions of the software that the numbers rest on."""
    versions = show_versions()
    rows = [(name, versions[name]) for name in BELOW_NUMBERS]
    note = "On one installation the same records and settings give the same report, to the byte."
    frame = pd.DataFrame(rows, columns=["software", "version"])
    return Table(SOFTWARE, SOFTWARE_TITLE, frame, {}, note)
