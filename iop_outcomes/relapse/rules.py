"""What counts as relapse, from when it is counted, and what a missing check-in means."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Literal

from iop_outcomes.errors import RuleError

Origin = Literal["admission", "first_session", "discharge"]
MissingRule = Literal["censor", "use", "no_use", "last_value"]
Evidence = Literal["either", "self_report", "drug_test"]

DEFINITIONS = ("first_use", "k_of_n_weeks")
ORIGINS = {
    "admission": "admission",
    "first_session": "the first attended session",
    "discharge": "discharge",
}
EVIDENCE = {
    "either": "self-report or drug test",
    "self_report": "self-report",
    "drug_test": "drug test",
}
MISSING_RULES = {
    "censor": "censors the episode at the last day known before it",
    "use": "counts as use",
    "no_use": "counts as no use",
    "last_value": "takes the last known value",
}


@dataclass(frozen=True)
class RelapseRule:
    """What counts as relapse, counted from when, and what a missing check-in means.

    The rule travels with every figure made by it: published definitions of relapse differ
    widely (Maisto et al. 2016, PMC5088167), and what a missing check-in counts as moves the
    answer more than most treatments do.

    Parameters
    ----------
    definition : str
        ``"first_use"``: the first check-in that shows use. ``"k_of_n_weeks"``: the first week
        in which `use_weeks` weeks with use have come together within `window_weeks` weeks in a
        row (4 of 4 is the rule of the opioid trials of the Clinical Trials Network).
    origin : {"admission", "first_session", "discharge"}
        The day 0. Only what comes after it counts; an episode that never reached it has no time.
    missing : {"censor", "use", "no_use", "last_value"}
        What a missing check-in, or under ``"k_of_n_weeks"`` a week without a known check-in,
        means. ``"censor"``: nothing is known from there on. ``"use"`` and ``"no_use"``: it
        counts as that. ``"last_value"``: as the last known check-in before it, which may be the
        baseline (on or before the origin), and as no use where there is none.
    evidence : {"either", "self_report", "drug_test"}
        What shows use. With ``"either"``, use by one is use, whatever the other says; a mixed
        drug test is use. Self-report is ``used`` or ``use_days`` above 0.
    use_weeks, window_weeks : int
        The k and the n of ``"k_of_n_weeks"``.
    week_days : int
        The days of a "week" of ``"k_of_n_weeks"``, counted from the day after the origin. Where
        check-ins come every two weeks, 14: in weeks of 7 every second one would be missing.
    lost_after : int
        Days. Who was last known this long or less before the end of the follow-up was followed
        to its end; who was last known longer before it is lost.

    Raises
    ------
    RuleError
        If an option is not one of these, or `use_weeks` exceeds `window_weeks`.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> print(iop.RelapseRule(missing="use").text)
    Relapse is the first use after admission, by self-report or drug test; a missing check-in \
counts as use.
    """

    definition: str = "first_use"
    origin: Origin = "admission"
    missing: MissingRule = "censor"
    evidence: Evidence = "either"
    use_weeks: int = 4
    window_weeks: int = 4
    week_days: int = 7
    lost_after: int = 30

    def __post_init__(self) -> None:
        """Refuse what is not an option, naming the options."""
        _one_of("definition", self.definition, DEFINITIONS)
        _one_of("origin", self.origin, tuple(ORIGINS))
        _one_of("missing", self.missing, tuple(MISSING_RULES))
        _one_of("evidence", self.evidence, tuple(EVIDENCE))
        for name, least in (
            ("use_weeks", 1),
            ("window_weeks", 1),
            ("week_days", 1),
            ("lost_after", 0),
        ):
            _whole_number(name, getattr(self, name), least)
        if self.use_weeks > self.window_weeks:
            raise RuleError(
                "A window cannot hold more use weeks than it has weeks.",
                found=f"use_weeks={self.use_weeks}, window_weeks={self.window_weeks}",
                instead=f"use_weeks={self.window_weeks} or fewer, or a longer window.",
            )

    @property
    def by_week(self) -> bool:
        """Whether the definition reads weeks, not single check-ins."""
        return self.definition == "k_of_n_weeks"

    @property
    def text(self) -> str:
        """The rule as one sentence: definition, origin, evidence and missing rule."""
        if self.by_week:
            week = "weeks" if self.week_days == 7 else f"periods of {self.week_days} days"
            run = (
                f"{self.use_weeks} {week} with use within {self.window_weeks} in a row"
                if self.use_weeks < self.window_weeks
                else f"{self.use_weeks} {week} with use in a row"
            )
            event, unit = f"reached with {run}", "week without a known check-in"
        else:
            event, unit = "the first use", "missing check-in"
        return (
            f"Relapse is {event} after {ORIGINS[self.origin]}, by {EVIDENCE[self.evidence]}; "
            f"a {unit} {MISSING_RULES[self.missing]}."
        )


def _one_of(name: str, value: object, options: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in options:
        raise RuleError(
            f"The {name} of a relapse rule is one of {', '.join(options)}.",
            found=f"{name}={value!r}",
            instead=f'RelapseRule({name}="{options[0]}")',
        )


def _whole_number(name: str, value: object, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise RuleError(
            f"{name} is a whole number of at least {least}.",
            found=f"{name}={value!r}",
            instead=f"RelapseRule({name}={max(least, 4)})",
        )
