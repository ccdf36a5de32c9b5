from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.regression.formula import CONTRASTS, TRANSFORMS, design_of
from iop_outcomes.errors import EstimateError, RuleError


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [30.0, 41, 25, 38, 52, 29],
            "program": pd.Categorical(list("ABABAB"), ["B", "A", "closed"]),
            "sober": pd.array([True, False, True, True, False, False], dtype="boolean"),
            "my score": pd.array([1, 2, 3, 4, 5, 9], dtype="Int64"),
            "site": [1, 2, 3, 1, 2, 3],
            "seen": pd.to_datetime(["2026-01-05"] * 6),
            "gap": [1.0, None, 2, 3, 4, 5],
        }
    )


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("age + program", ["age", "program A vs B"]),
        (["age", "my score"], ["age", "my score"]),
        ("sober", ["sober"]),
        ("age * sober", ["age", "sober", "age:sober"]),
        ("age : program", ["age:program B", "age:program A"]),
        ("C(site)", ["site 2 vs 1", "site 3 vs 1"]),
        ("log(1 + `my score`)", ["log(1 + `my score`)"]),
        ("{age > 30}", ["age > 30"]),
        ("poly(age, 2)", ["poly(age, 2) 1", "poly(age, 2) 2"]),
        ("C(program, contr.treatment(base='A'))", ["C(program, contr.treatment(base='A')) B vs A"]),
        ("C(program, contr.SAS)", ["C(program, contr.SAS) B vs A"]),
        ("C(program, levels=['A', 'B'])", ["C(program, levels=['A', 'B']) B vs A"]),
        ("C(`site`)", ["site 2 vs 1", "site 3 vs 1"]),
        ("I(program)", ["I(program) A vs B"]),
        ("poly(age, degree=2, raw=True)", [f"poly(age, degree=2, raw=True) {n}" for n in (1, 2)]),
        ("poly(age, 2):program", [f"poly(age, 2) {n}:program {g}" for g in "BA" for n in (1, 2)]),
    ],
)
def test_formulas_make_terms(formula: Any, names: list[str]) -> None:
    design = design_of(people(), formula)
    matrix, found = design.matrix, design.names
    assert found == names
    assert matrix.shape == (6, len(names))
    assert matrix.dtype == np.float64


def test_what_terms_hold() -> None:
    matrix = design_of(people(), "age + program + sober + C(site) + log(`my score`)").matrix
    expected = np.column_stack(
        [
            people()["age"],
            [1, 0, 1, 0, 1, 0],
            [1, 0, 1, 1, 0, 0],
            [0, 1, 0, 0, 1, 0],
            [0, 0, 1, 0, 0, 1],
            np.log([1, 2, 3, 4, 5, 9]),
        ]
    )
    np.testing.assert_allclose(matrix, expected)


@pytest.mark.parametrize(
    ("formula", "error", "words"),
    [
        ("", RuleError, "one or more terms"),
        ("1", RuleError, "one or more terms"),
        ("0 + age", RuleError, "one or more terms"),
        ("age +", RuleError, "cannot be read"),
        ("days ~ age", RuleError, "cannot be read"),
        ("age | site", RuleError, "cannot be read"),
        ("age years", RuleError, "cannot be read"),
        ("age + nobody", RuleError, "no column named nobody"),
        ("log(nobody)", RuleError, "no column named nobody"),
        (["nobody"], RuleError, "no column named nobody"),
        (["no body"], RuleError, "no column named no body"),
        ("log(`no body`)", RuleError, "no column named no body"),
        ("{program * 2}", RuleError, "cannot be evaluated"),
        ("C(program, 'sum')", RuleError, "cannot be evaluated"),
        ("C(program, contr.treatment(base='Z'))", RuleError, "cannot be evaluated"),
        ("C(program, levels=['B'])", RuleError, "cannot be evaluated"),
        ("{3}", RuleError, "cannot be evaluated"),
        ("contr.treatment(program)", RuleError, "may only calculate"),
        ("C(program, contr.simple)", RuleError, "may only calculate"),
        ("seen", RuleError, "A date cannot be a term"),
        ("gap", EstimateError, "missing: 1 of gap"),
        ("log(0 * age)", EstimateError, "not a number"),
    ],
)
def test_formulas_that_make_no_terms_are_refused(
    formula: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        design_of(people(), formula)


@pytest.mark.parametrize(
    "formula",
    [
        "open('/etc/passwd')",
        "age + __import__('os')",
        "np.log(age)",
        "I(age.__class__)",
        "I((lambda: 1)())",
        "{contr.__class__}",
        "C(program, contr.__init__())",
        "I([x for x in age])",
        "I(age if site else site)",
        "eval('age')",
        "I((eval)('1'))",
        "I(log.__globals__)",
    ],
)
def test_a_formula_runs_nothing_but_its_own_transforms(formula: str) -> None:
    with pytest.raises(RuleError, match=r"may only calculate|cannot be read"):
        design_of(people(), formula)


def test_a_column_may_be_called_anything_and_is_not_run() -> None:
    times = people().rename(columns={"age": "open('x')"})
    assert design_of(times, "`open('x')`").names == ["open('x')"]
    with pytest.raises(RuleError, match="may only calculate"):
        design_of(times, "open('x')")


def test_the_frame_is_left_alone() -> None:
    times = people()
    design_of(times, "age + program + sober + log(`my score`)")
    pd.testing.assert_frame_equal(times, people())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1]] * 600, "lists"),
        ([f"p{number}" for number in range(600)], "600 different values"),
        ([1j] * 600, "complex numbers"),
    ],
)
def test_columns_that_make_no_terms_are_refused(values, words):
    with pytest.raises(EstimateError, match=words):
        design_of(pd.DataFrame({"column": values}), "column")


def test_names_that_are_no_text_or_not_their_own_are_refused():
    frame = pd.DataFrame({"age": [1.0, 2.0], None: [3.0, 4.0]})
    with pytest.raises(RuleError, match="this name is none"):
        design_of(frame, "`None`")
    with pytest.raises(EstimateError, match="several columns named age"):
        design_of(pd.concat([frame, frame[["age"]]], axis=1), "age")


def test_what_may_name_people_becomes_no_term():
    frame = pd.DataFrame({"person_id": list("aabb"), "age": [1.0, 2.0, 4.0, 3.0]})
    with pytest.raises(EstimateError, match="person_id cannot be a term") as refused:
        design_of(frame, "age + person_id")
    assert "2 different values in 4 rows" in str(refused.value)
    # Of 21 names in 60 people one in three has their own; of 21 sites in 200 none does.
    names = [f"name {number % 21}" for number in range(200)]
    with pytest.raises(EstimateError, match="21 different values in 60 rows") as refused:
        design_of(pd.DataFrame({"site": names[:60]}), "site")
    assert "name 1" not in str(refused.value)
    assert len(design_of(pd.DataFrame({"site": names}), "site").names) == 20


def test_columns_of_one_value_are_refused():
    frame = pd.DataFrame({"program": ["North"] * 4, "site": ["a"] * 4})
    with pytest.raises(EstimateError, match="a single value") as refused:
        design_of(frame, "program + site")
    assert "program, site" in str(refused.value)
    assert "North" not in str(refused.value)


@pytest.mark.parametrize("formula", [5, None, [], [1], {"age": 1}])
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(RuleError, match="A formula is text, or a list of columns"):
        design_of(people(), formula)


def test_levels_with_brackets_and_numbers_that_are_names_keep_their_reference():
    ages = pd.Series([25, 35, 45, 38])
    people = pd.DataFrame(
        {
            "g": pd.cut(ages, [20, 30, 40, 50]),
            "x": ["20-29 [low]", "30-39 [mid]", "30-39 [mid]", "20-29 [low]"],
            "site": [3, 1, 2, 1],
        }
    )
    assert design_of(people, "g").names == ["g (30, 40] vs (20, 30]", "g (40, 50] vs (20, 30]"]
    assert design_of(people, "x").names == ["x 30-39 [mid] vs 20-29 [low]"]
    assert design_of(people, "C(site)").names == ["site 2 vs 1", "site 3 vs 1"]


EXAMPLES = {
    **{name: f"{name}(age)" for name in ("log", "log2", "log10", "center", "scale", "standardize")},
    "C": "C(site)",
    "exp": "exp(age / 50)",
    "I": "I(age ** 2)",
    "poly": "poly(age, 2)",
    "bs": "bs(age, df=4)",
    **{f"contr.{name}": f"C(site, contr.{name})" for name in CONTRASTS if name != "custom"},
    "contr.custom": "C(site, contr.custom([[1, 0], [0, 1], [-1, -1]]))",
}


def followed() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    ended = draw.choice(["relapse", "died", "left"], 200)
    return pd.DataFrame(
        {
            "days": draw.integers(1, 100, 200),
            "event": ended == "relapse",
            "competing": ended == "died",
            "ended_by": ended,
            "age": draw.normal(40, 8, 200).clip(18),
            "site": draw.choice([1.0, 2.0, 3.0], 200),
        }
    )


def test_what_the_refusal_names_is_what_the_examples_try() -> None:
    with pytest.raises(RuleError) as refused:
        design_of(people(), "hashed(program)")
    message = (
        str(refused.value).split("Instead: ")[1].rstrip(".").replace("; in C(column, ...)", ",")
    )
    assert {name.strip() for name in message.split(",")} == set(EXAMPLES)
    assert set(EXAMPLES) == {*TRANSFORMS, *(f"contr.{name}" for name in CONTRASTS)}


@pytest.mark.parametrize("formula", EXAMPLES.values())
def test_every_function_that_is_named_works_and_refuses_the_missing(formula: str) -> None:
    times = followed()
    for result in (iop.cox(times, formula), iop.fine_gray(times, formula, cause="relapse")):
        assert np.isfinite(result.table[["coefficient", "se"]]).all(axis=None)
        assert result.table["term"].is_unique
    times.loc[[3, 8], ["age", "site"]] = np.nan
    for fit in (iop.cox, iop.fine_gray):
        with pytest.raises(EstimateError, match="missing: 2 of"):
            fit(times, formula)


@pytest.mark.parametrize("name", ["cr", "cs", "cc", "te", "hashed", "lag", "np.log", "Q", "exp2"])
def test_what_is_refused_is_not_named(name: str) -> None:
    with pytest.raises(RuleError) as refused:
        iop.cox(followed(), f"{name}(age)")
    assert f" {name}," not in str(refused.value).split("Instead:")[1]


def test_numbers_within_c_that_may_be_of_people_make_no_terms() -> None:
    times = followed().assign(chart=np.arange(200) + 40_000)
    for formula in ("C(chart)", "C(`chart`)", "age:C(chart)", "C(I(chart))"):
        with pytest.raises(EstimateError, match="200 different values") as refused:
            design_of(times, formula)
        assert "40" not in str(refused.value)
    assert len(design_of(times, "C(chart > 40100)").names) == 1


def test_the_name_of_one_column_may_end_in_another() -> None:
    frame = pd.DataFrame({"track": list("abab"), "old track": list("xbbx")})
    assert design_of(frame, ["old track", "track"]).names == ["old track x vs b", "track b vs a"]
