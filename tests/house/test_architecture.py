"""The order of the house: who may import whom, and what a bare import may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "iop_outcomes"
ORDER = (
    "letters",
    "messages",
    "errors",
    "show",
    "saving",
    "provenance",
    "versions",
    "records",
    "measures",
    "relapse",
    "survival",
    "compare",
    "trends",
    "disclosure",
    "plots",
    "report",
    "samples",
    "cli",
)
MODULES = sorted(PACKAGE.rglob("*.py"))


def stage(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """Each imported module, and whether the import stands inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports from the root of the package"
            found.append((node.module or "", id(node) in inside))
    return found


def test_every_module_belongs_to_a_stage() -> None:
    assert {stage(path) for path in MODULES} - {"__init__", "__main__"} <= set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    own = stage(path)
    if own in ("__init__", "__main__"):
        return
    for name, inside in imports(path):
        parts = name.split(".")
        if parts[0] != "iop_outcomes" or len(parts) == 1:
            assert name != "iop_outcomes", f"{path.name} imports the package's own root"
            continue
        handing_over = parts[1] == "plots" and inside  # a result's .plot hands itself over
        assert handing_over or ORDER.index(parts[1]) <= ORDER.index(own), f"{own} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_plots_names_matplotlib(path: Path) -> None:
    if stage(path) != "plots":
        assert not [name for name, _ in imports(path) if name.split(".")[0] == "matplotlib"]


def test_a_bare_import_brings_in_nothing_heavy() -> None:
    code = "import sys, iop_outcomes; print(' '.join(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"lifelines", "matplotlib", "scipy", "statsmodels", "openpyxl", "jinja2"}


def test_every_public_name_is_there_and_documented() -> None:
    import iop_outcomes

    assert sorted(iop_outcomes.__all__) == list(iop_outcomes.__all__)
    for name in iop_outcomes.__all__:
        assert getattr(iop_outcomes, name).__doc__, name


def test_files_stay_easy_to_hold_in_the_head() -> None:
    long = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in MODULES
    }
    assert {name: size for name, size in long.items() if size > 400} == {}
