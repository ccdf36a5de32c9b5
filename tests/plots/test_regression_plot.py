from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.compare.differences import incidence_difference, survival_difference
from iop_outcomes.compare.regression.cause_specific import cause_specific_cox
from iop_outcomes.compare.regression.cox import cox
from iop_outcomes.compare.regression.fine_gray import fine_gray
from iop_outcomes.compare.regression.result import Regression, format_ratio
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.forest.regression import plot_regression
from iop_outcomes.plots.layout.style import alternative_text

pyplot = pytest.importorskip("matplotlib.pyplot")

CAUSES = ["relapse", "died"]


def made_up() -> pd.DataFrame:
    result = pd.read_csv(Path(__file__).parents[1] / "reference" / "cox_data.csv")
    return result.query("entry == 0").drop(columns="entry").rename(columns={"end": "ended_by"})


def shown(ax: Any) -> dict[str, str]:
    return {str(text.get_gid()): text.get_text() for text in ax.texts}


def drawn(ax: Any, what: str, place: int) -> np.ndarray:
    (line,) = [line for line in ax.lines if line.get_gid() == f"{what}_{place}"]
    assert set(line.get_ydata()) == {place}
    return np.asarray(line.get_xdata())


def test_the_picture_is_the_table() -> None:
    fit = fine_gray(made_up(), "age + sooner + dose + site", causes=CAUSES)
    ax = plot_regression(fit)
    assert ax.get_xscale() == "log"
    cells = shown(ax)
    for place, row in enumerate(fit.table.to_dict("records")):
        np.testing.assert_allclose(drawn(ax, "estimate", place), row["hazard_ratio"])
        np.testing.assert_allclose(drawn(ax, "limits", place), [row["lower"], row["upper"]])
        of_row = [text for name, text in cells.items() if name.startswith(f"cell_{place}_")]
        limits = f"{format_ratio(row['lower'])} to {format_ratio(row['upper'])}"
        assert of_row == [
            *(row["term"], format_ratio(row["hazard_ratio"]), limits),
            f"{row['p_value']:.2g}",
        ]
    assert {"ratio", "95% limits", "p"} <= set(cells.values())
    assert ax.get_xlabel() == "subdistribution hazard ratio (log scale)"
    assert alternative_text(ax) == fit.text
    pyplot.close(ax.figure)


def test_causes_stand_under_their_names() -> None:
    fit = cause_specific_cox(made_up(), ["age", "dose"], None, causes=CAUSES)
    ax = fit.plot()
    cells = [text for text in ax.texts if str(text.get_gid()).startswith("cell_")]
    names = [text.get_text() for text in cells if text.get_ha() == "left"]
    assert names == ["relapse", "  age", "  dose", "died", "  age", "  dose"]
    ratios = [drawn(ax, "estimate", place)[0] for place in (1, 2, 4, 5)]
    np.testing.assert_allclose(ratios, fit.table["hazard_ratio"])
    pyplot.close(ax.figure)


def wide() -> Regression:
    times = made_up().assign(event=lambda t: t["ended_by"] == "relapse")
    fit = cox(times, ["age", "dose"])
    table = fit.table.assign(
        lower=[1e-5, 200.0], hazard_ratio=[1.5, 500.0], upper=[1e5, 900.0], p_value=[0.5, 1e-9]
    )
    return replace(fit, table=table)


def test_what_lies_beyond_the_axis_ends_in_an_arrow() -> None:
    ax = plot_regression(wide())
    low, high = ax.get_xlim()
    assert low >= 0.009
    assert high <= 109
    np.testing.assert_allclose(drawn(ax, "limits", 0), [low, high])
    arrows = [(line.get_marker(), line.get_ydata()[0]) for line in ax.lines]
    assert [arrow for arrow in arrows if arrow[0] in "<>"] == [("<", 0), (">", 0), (">", 1)]
    assert not [line for line in ax.lines if line.get_gid() == "estimate_1"]
    assert "<0.001" in shown(ax).values()
    pyplot.close(ax.figure)


def test_made_up_people_are_marked_and_the_given_axes_are_used() -> None:
    result = replace(wide(), synthetic=True)
    figure, ax = pyplot.subplots()
    assert plot_regression(result, ax) is ax
    assert shown(ax)["synthetic"] == "synthetic data"
    pyplot.close(figure)
    assert "synthetic" not in shown(plot_regression(wide(), pyplot.figure()))
    pyplot.close("all")


def test_no_word_lies_on_another() -> None:
    fit = cause_specific_cox(made_up(), "age + sooner + dose + site", None, causes=CAUSES)
    ax = plot_regression(fit)
    figure = ax.figure
    figure.canvas.draw()
    words = [*ax.texts, *ax.get_xticklabels(), ax.xaxis.label]
    boxes = [text.get_window_extent() for text in words if text.get_text().strip()]
    for place, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:place])
    pyplot.close(figure)


def test_more_terms_than_a_picture_holds_are_refused() -> None:
    result = wide()
    many = replace(result, table=pd.concat([result.table] * 31, ignore_index=True))
    with pytest.raises(RuleError, match="at most 60 terms"):
        plot_regression(many)


# Differences -------------------------------------------------------------------------------------


def groups(number: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(4)
    names = [f"track {place}" for place in range(number)]
    return pd.DataFrame(
        {
            "days": random.integers(1, 40, 40 * number),
            "event": random.random(40 * number) < 0.7,
            "track": np.repeat(names, 40),
            "ended_by": random.choice(["relapse", "died"], 40 * number),
        }
    ).assign(ended_by=lambda frame: frame["ended_by"].where(frame["event"], "censored"))


def test_a_picture_of_differences_is_their_table() -> None:
    difference = survival_difference(groups(), "track", 20)
    ax = difference.plot()
    cells = shown(ax)
    for place, row in enumerate(difference.table.to_dict("records")):
        np.testing.assert_allclose(drawn(ax, "estimate", place), row["difference"])
        np.testing.assert_allclose(drawn(ax, "limits", place), [row["lower"], row["upper"]])
        of_row = [text for name, text in cells.items() if name.startswith(f"cell_{place}_")]
        assert of_row == [
            f"{row['group']} less {row['reference']}",
            f"{100 * row['difference']:.1f}",
            f"{100 * row['lower']:.1f} to {100 * row['upper']:.1f}",
            f"{row['p_adjusted']:.2g}",
        ]
    assert ax.get_xscale() == "linear"
    assert ax.get_xlabel() == "Difference in percentage points"
    along = ax.xaxis.get_major_formatter()
    assert (along(-0.1), along(0.05)) == ("-10", "5")
    low, high = ax.get_xlim()
    assert low < min(0, difference.table["lower"].min())
    assert high > max(0, difference.table["upper"].max())
    assert alternative_text(ax) == difference.text
    pyplot.close(ax.figure)


def test_differences_of_causes_stand_under_their_names_and_those_without_limits_are_points() -> (
    None
):
    difference = incidence_difference(groups(2), "track", 20)
    bare = difference.table.assign(lower=np.nan, upper=np.nan, p_adjusted=np.nan)
    ax = replace(difference, table=bare).plot()
    cells = shown(ax)
    assert [cells[name] for name in cells if "cell_0_" in name] == ["died"]
    assert [cells[name] for name in cells if "cell_1_" in name][2:] == ["–", "–"]
    assert np.isnan(drawn(ax, "limits", 1)).all()
    pyplot.close(ax.figure)
    with pytest.raises(RuleError, match="at most 60 pairs"):
        survival_difference(groups(12), "track", 5).plot()
