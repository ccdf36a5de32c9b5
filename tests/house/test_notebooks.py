"""The notebooks are stored without output, and their pictures appear when they are run."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_they_are_these() -> None:
    assert {path.stem for path in NOTEBOOKS} == {
        "cohort_comparison",
        "director",
        "engagement",
        "own_data",
        "quarterly_report",
        "researcher",
        "survival",
        "trends",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_output(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell for cell in code if cell.outputs or cell.execution_count]


def test_each_plot_of_a_session_shows_itself(tmp_path: Path) -> None:
    from nbclient import NotebookClient

    ask = (
        "import pandas as pd, iop_outcomes as iop\n"
        "frame = pd.DataFrame({'days': [1, 2, 3], 'event': [1, 0, 1]})\n"
        "curves = iop.survival_curves(frame)\n"
        "iop.plot_survival(curves);"
    )
    cells = [ask, "iop.plot_survival(curves);", "curves.plot();"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    kinds = [[list(output.get("data", {})) for output in cell.outputs] for cell in notebook.cells]
    assert all(any("image/png" in data for data in outputs) for outputs in kinds)
