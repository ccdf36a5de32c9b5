"""The rule of a result, and who was left out, for release."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol

import pandas as pd

from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.shared.groups import LeftOut
from iop_outcomes.shared.provenance import Provenance, label, unlabelled

COUNTED = re.compile(
    r"(^|[.:;] )(\d[\d,]*) "
    r"((?:recorded )?(?:answer|check-in|discharge|episode|id|people|person|row|score|total))(s?)\b"
)
"""A count at the start of a sentence: "4 episodes without a session left out"."""
ERRORS = re.compile(r", robust standard errors \([^()]*\)|, [\d.]+% limits[^.]*(?=\.)")


class HasRule(Protocol):
    """A result that says how it was made, and who was left out."""

    @property
    def rule(self) -> str:
        """How it was made."""

    @property
    def left_out(self) -> LeftOut:
        """Who was left out."""


def safe_fields(result: HasRule, policy: SafePolicy) -> dict[str, Any]:
    """Return the rule of a result, and who was left out, without a small count.

    How many have no value is a count of people like any other.
    """
    left_out = result.left_out
    shown = left_out.hidden() if policy.hides(left_out.count or 0) else left_out
    return {"left_out": shown, "rule": f"{no_small_counts(result.rule, policy)} {policy.note}"}


def no_small_counts(rule: str, policy: SafePolicy) -> str:
    """Return a rule whose sentences do not begin with a small count.

    A rule says who was left out ("4 episodes without a session left out"), and has this from a
    frame, where it is in words only.

    Examples
    --------
    >>> no_small_counts("Days since admission. 1 episode with no session left out.", SafePolicy())
    'Days since admission. Episodes with no session left out.'
    >>> no_small_counts("3 rows left out. 14 scores prorated.", SafePolicy())
    'Rows left out. 14 scores prorated.'
    """

    def without(match: re.Match[str]) -> str:
        if not policy.hides(int(match[2].replace(",", ""))):
            return match[0]
        noun = {"person": "people"}.get(match[3], match[3] if match[3] == "people" else "")
        return f"{match[1]}{(noun or f'{match[3]}s').capitalize()}"

    return COUNTED.sub(without, rule)


def no_errors(rule: str) -> str:
    """Return the rule of a curve whose limits are not those of its estimate.

    Examples
    --------
    >>> no_errors("A. Kaplan-Meier estimate, robust standard errors (rows of id), 95% limits.")
    'A. Kaplan-Meier estimate.'
    """
    return ERRORS.sub("", rule)


def of_frame(provenance: Provenance, policy: SafePolicy) -> Provenance:
    """Return the labels of a frame, without who was left out of it."""
    rule = no_small_counts(provenance.rule, policy)
    return replace(provenance, rule=rule, left_out="", ungrouped=0)


def without_labels(result: object, *, synthetic: bool = False) -> object:
    """Return a result whose frames have no labels, which say who was left out of their source.

    A frame that is the result itself is labelled where the data are `synthetic`.
    """
    if isinstance(result, pd.DataFrame):
        bare = unlabelled(result)
        return label(bare.copy(), Provenance(synthetic=True)) if synthetic else bare
    if not is_dataclass(result) or isinstance(result, type):
        return result
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    frames = {name: value for name, value in values.items() if isinstance(value, pd.DataFrame)}
    bared = {name: unlabelled(frame) for name, frame in frames.items()}
    changed = {name: frame for name, frame in bared.items() if frame is not frames[name]}
    return replace(result, **changed) if changed else result
