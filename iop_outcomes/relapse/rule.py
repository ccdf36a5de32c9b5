"""The definition of relapse, its origin, and how missing check-ins count."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Literal

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.published_times import (
    find_time,
    search_for,
    source_of,
    time_names,
)
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.relapse.search import Search
from iop_outcomes.shared.checks import check_choice, check_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.vocabulary import COMPETING_ENDS, MISSING_RULES
from iop_outcomes.use.evidence import REFUSED, SOURCES, Refused, refusal_text
from iop_outcomes.use.origins import STARTS

Origin = Literal["admission", "first_session", "discharge"]
MissingRule = Literal[
    "own", "censor", "use", "no_use", "last_value", "last_value_to_last_contact", "drop", "missed"
]
Evidence = Literal["either", "self_report", "drug_test"]

ORIGINS = STARTS
EVIDENCE = SOURCES
DEFINITIONS = ("first_use", "k_of_n_weeks", "first_heavy_day", "x_bot")
X_BOT = (Search(4, 4, "week", first=3), Search(7, 7, "day", first=21))


@dataclass(frozen=True)
class RelapseRule:
    """The definition of relapse, its origin, and how missing check-ins count.

    Every figure states the rule it was made by: published definitions of relapse differ
    widely (Maisto et al. 2016, PMC5088167), and how missing check-ins count affects results more
    than most treatments do.

    Parameters
    ----------
    definition : str or Definition
        - ``"first_use"``: the first check-in that shows use.
        - ``"k_of_n_weeks"``: the first week that completes `use_weeks` weeks with use within
          `window_weeks` consecutive weeks.
        - ``"first_heavy_day"``: the first check-in at which `heavy_column` is `heavy_from` or
          more; it may count the heavy-drinking days since the last one, or the drinks of a day
          (heavy: 5 or more for men, 4 or more for women).
        - ``"x_bot"``: as in the trial CTN-0051, 4 weeks with use in a row from week 3 on, or 7
          days of use in a row from day 21 on where check-ins are daily (Lee et al. 2018,
          doi:10.1016/S0140-6736(17)32812-X).
        - the name of any published time to an event (``iop_outcomes.definitions()`` lists them),
          such as ``"lee_2016"``, or a `Definition` of your own that has one.
    origin : {"admission", "first_session", "discharge"}
        The day 0. Only what comes after it counts; an episode that never reached it has no time.
        People who died in treatment have no discharge.
    missing : str
        What a missing check-in, or where weeks are counted a week without a known check-in,
        means. By default (``"own"``) what the definition says; it is ``"censor"`` for the first
        three. After construction the attribute holds the rule that applies.

        - ``"censor"``: nothing is known from there on.
        - ``"use"``, ``"no_use"``: it counts as that.
        - ``"last_value"``: as the last known check-in before it, which may be the baseline (on or
          before the origin), and as no use where there is none.
        - ``"last_value_to_last_contact"``: the same up to the last known check-in; after it
          nothing is known.
        - ``"drop"``: it is left out; the check-ins before and after it are treated as consecutive.
        - ``"missed"``: itself, in a definition of dropout, which has no other.
    evidence : {"either", "self_report", "drug_test"}
        What shows use. With ``"either"``, use by either is use; a mixed drug test is use.
        Self-report is ``used`` or ``use_days`` above 0.
    refused : {"missing", "use", "as_reported"}
        How a day counts on which a drug test was refused and none has a result:

        - ``"missing"``: missing, unless use is reported; the missing rule applies.
        - ``"use"``: use, as a positive test.
        - ``"as_reported"``: what is reported; nothing known where nothing is.

        See Notes. Tests that were invalid or not collected are none; the report counts.
    use_weeks, window_weeks : int
        The k and the n of ``"k_of_n_weeks"``.
    week_days : int
        The days of a "week", counted from the day after the origin. Where check-ins come every
        two weeks, 14: in weeks of 7 every second one would be missing.
    lost_after : int
        Days. A person without any contact for longer is out of contact, and lost if that is so at
        the end of the follow-up. A contact is a completed check-in, with or without an answer, or
        an attended service (if the attendance was read); day 0 counts as well. Under ``"use"``,
        ``"no_use"``, ``"last_value"`` and in a definition of dropout so does a missed check-in,
        since the rule says what it is. While check-ins are recorded as not due, the days are
        counted from the last of them, unless the person was out
        of contact before.
        A death, arrest or transfer later than this after the last day known is no competing end.
    substances : str or tuple of str
        The substances that count, as ``checkins.substance`` names them; empty: all. See
        `iop_outcomes.use_patterns`.
    prescribed : str, optional
        A column of the episodes that names what was prescribed, which does not count.
    heavy_column : str
        The column of the check-ins that ``"first_heavy_day"`` reads.
    heavy_from : float
        From which number on it is heavy drinking.
    competing : tuple of str
        The discharges that compete with relapse where both are counted
        (`iop_outcomes.cumulative_incidence`, which says why these); every other end is censoring.
        Reasons of discharge, or ``"discharged"`` for one without a reason. A curve of relapse alone
        (`iop_outcomes.survival_curves`) does not use them: it is censored at the last day known.

    Raises
    ------
    RuleError
        If an option is not one of these, or `use_weeks` exceeds `window_weeks`.

    Notes
    -----
    **A refused test is missing by default.** In the trials that the published definitions come
    from, a specimen that was due and not given is a missing specimen, whatever the person says of
    use (the symbol ``o``, missing for non-compliance, of the CTN-0094 words), and each paper says
    what a missing one counts as: use in most (Fiellin et al. 2006, doi:10.1056/nejmoa055255;
    Krupitsky et al. 2011, doi:10.1016/S0140-6736(11)60358-9; Lee et al. 2016,
    doi:10.1056/nejmoa1505409), neither in some (Kosten et al. 1993, Ling et al. 1998). So the
    missing rule applies to a refusal: ``missing="use"`` counts it as use, as in those trials, and
    ``"censor"`` censors at it. To take a report of no use beside a refused test as no use
    (``"as_reported"``) would prefer self-report where the stronger evidence, the test, was refused;
    to count it as use under every missing rule (``"use"``) assumes what was not observed. Programs
    whose contract counts a refusal as a positive test say ``refused="use"``.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> print(iop.RelapseRule(missing="use", evidence="self_report").text)
    Relapse is the first use after admission, by self-report; a missing check-in counts as use.
    >>> iop.RelapseRule().missing
    'censor'
    """

    definition: str | Definition = "first_use"
    origin: Origin = "admission"
    missing: MissingRule = "own"
    evidence: Evidence = "either"
    use_weeks: int = 4
    window_weeks: int = 4
    week_days: int = 7
    lost_after: int = 30
    substances: tuple[str, ...] = ()
    prescribed: str | None = None
    heavy_column: str = "heavy_days"
    heavy_from: float = 1
    competing: tuple[str, ...] = COMPETING_ENDS
    refused: Refused = "missing"

    def __post_init__(self) -> None:
        """Refuse what is not an option, naming the options; fill in the definition's own rule."""
        self._check_definition()
        _one_of("origin", self.origin, tuple(ORIGINS))
        _one_of("missing", self.missing, (*MISSING_RULES, "own", *["missed"] * self.of_dropout))
        _one_of("evidence", self.evidence, tuple(EVIDENCE))
        _one_of("refused", self.refused, tuple(REFUSED))
        for name, least in (
            ("use_weeks", 1),
            ("window_weeks", 1),
            ("week_days", 1),
            ("lost_after", 0),
        ):
            instead = f"RelapseRule({name}={max(least, 4)})"
            check_whole(name, getattr(self, name), least, instead)
        if self.use_weeks > self.window_weeks:
            raise RuleError(
                "A window cannot hold more weeks with use than weeks.",
                found=f"use_weeks={self.use_weeks}, window_weeks={self.window_weeks}",
                instead=f"use_weeks={self.window_weeks} or fewer, or a longer window.",
            )
        if not isinstance(self.heavy_from, Real) or not self.heavy_from > 0:
            raise RuleError("heavy_from is a number above 0.", found=as_written(self.heavy_from))
        if isinstance(self.substances, str):
            object.__setattr__(self, "substances", (self.substances,))
        if isinstance(self.competing, str):
            object.__setattr__(self, "competing", (self.competing,))
        for end in self.competing:
            _one_of("competing", end, (*DISCHARGE_REASONS, "discharged"))
        self._check_missing()

    @property
    def searches(self) -> tuple[Search, ...]:
        """What is looked for; the first that is met is the relapse."""
        if self._window is not None:
            return (search_for(self._window),)
        if self.definition == "x_bot":
            return X_BOT
        if self.definition == "k_of_n_weeks":
            return (Search(self.use_weeks, self.window_weeks),)
        return (Search(unit="check_in"),)

    @property
    def name(self) -> str:
        """The name of the definition."""
        return self.definition if isinstance(self.definition, str) else self.definition.name

    @property
    def published(self) -> Definition | None:
        """The definition in the registry, or your own, if it is one of these."""
        if isinstance(self.definition, Definition):
            return self.definition
        return None if self.definition in DEFINITIONS else find_time(self.definition)

    @property
    def by_week(self) -> bool:
        """Whether the definition reads weeks, not single check-ins."""
        return self.searches[0].unit == "week"

    @property
    def of_dropout(self) -> bool:
        """Whether the definition is met by missed weeks, not by use."""
        return self.searches[0].of == "missed"

    @property
    def fills(self) -> bool:
        """Whether the missing rule says what a missed check-in is, whatever comes after it."""
        return self.missing in ("use", "no_use", "last_value", "missed")

    @property
    def known_later(self) -> tuple[str, ...]:
        """The columns of episodes that were not known on day 0."""
        return () if self.origin == "discharge" else ("discharge_reason",)

    @property
    def event(self) -> str:
        """What the definition is of, for a label."""
        return "dropout" if self.of_dropout else "relapse"

    @property
    def text(self) -> str:
        """The rule as one sentence: definition, origin, evidence and missing rule."""
        text = self.definition_text
        if not self.of_dropout:
            unit = "week without a known check-in" if self.by_week else "missing check-in"
            text += f"; a {unit} {MISSING_RULES[self.missing].check_in}"
        return f"{text}." + (source_of(self.published) if self.published is not None else "")

    @property
    def definition_text(self) -> str:
        """The first part of `text`, without its full stop: definition, origin and evidence."""
        if self.definition == "first_heavy_day":
            event = "the first heavy-drinking day"
            evidence = f"by {self.heavy_column} of {self.heavy_from:g} or more"
        else:
            event, evidence = "the first use", f"by {EVIDENCE[self.evidence]}{self._counted}"
        if self.by_week:
            looked_for = " or ".join(search.text(self.week_days) for search in self.searches)
            event = f"reached with {looked_for}"
        what = self.event.capitalize()
        return f"{what} is {event} after {ORIGINS[self.origin]}, {evidence}"

    @property
    def _counted(self) -> str:
        refusal = refusal_text(self.refused, self.evidence)
        text = f" ({refusal})" if refusal else ""
        text += f", of {', '.join(self.substances)} only" if self.substances else ""
        return text + (f", except for what was {self.prescribed}" if self.prescribed else "")

    @property
    def _window(self) -> Window | None:
        return None if self.published is None else self.published.window

    def _check_definition(self) -> None:
        if isinstance(self.definition, Definition):
            if self.definition.window is None:
                raise RuleError(
                    "A definition of relapse over time is measured by a window of weeks.",
                    found=f"{self.definition.name}, measured otherwise",
                    instead="Definition(..., measure=Window(4, 4)), for example.",
                )
            return
        known = isinstance(self.definition, str) and (
            self.definition in DEFINITIONS or find_time(self.definition) is not None
        )
        if not known:
            _one_of("definition", self.definition, (*DEFINITIONS, *time_names()))

    def _check_missing(self) -> None:
        own = "censor"
        if self.definition == "x_bot":
            own = "use"
        elif self._window is not None:
            own = self._window.missing
        if self.missing == "own":
            object.__setattr__(self, "missing", own)
        elif self.of_dropout and self.missing != own:
            raise RuleError(
                "Dropout is counted in missed weeks, so missed weeks need no other rule.",
                found=f"missing={as_written(self.missing)}",
                instead=f"RelapseRule(definition={self.name!r})",
            )


def _one_of(name: str, value: object, options: tuple[str, ...]) -> None:
    check_choice(name, value, options, " of a relapse rule", f'RelapseRule({name}="{options[0]}")')
