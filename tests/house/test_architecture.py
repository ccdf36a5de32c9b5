"""The order of the house: who may import whom, and what a bare import may cost."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parents[2] / "iop_outcomes"
# Later rooms may import earlier ones. A pair of brackets is one stage.
ORDER = (
    ("errors", "versions", "shared", "paper_process"),
    ("samples",),
    ("statistics",),
    ("records",),
    ("attendance",),
    ("use",),
    ("relapse",),
    ("survival",),
    ("compare",),
    ("exposure",),
    ("from_records", "measures"),  # measures: old names, for one version
    ("outcome_scores",),
    ("outreach",),
    ("pathways",),
    ("sensitivity",),
    ("trends",),
    ("disclosure",),
    ("plots",),
    ("report",),
    ("public",),
    ("cli_options",),
    ("cli",),
)
STAGE = {room: place for place, rooms in enumerate(ORDER) for room in rooms}
CLINIC = {"records", "attendance", "use", "relapse"}
STATISTICS = {"statistics", "survival", "compare"}
MOST_FILES = 15
MODULES = sorted(PACKAGE.rglob("*.py"))


def stage(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Give each statement in a module, function or block: an import stands in no expression."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        for one in getattr(node, name, ()):
            yield one
            yield from statements(one)


@cache
def imports(path: Path) -> list[str]:
    """Each module that a file imports, wherever in the file the import stands."""
    results = []
    for node in statements(parsed(path)):
        if isinstance(node, ast.Import):
            results += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports from the root of the package"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                results.append(full if full in NAMES else node.module)
    return results


def dotted(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


NAMES = {dotted(path): path for path in MODULES}


def test_every_module_belongs_to_a_stage() -> None:
    assert {stage(path) for path in MODULES} - {"__init__", "__main__"} <= set(STAGE)


def test_imports_point_one_way() -> None:
    wrong = []
    for path in MODULES:
        own = stage(path)
        if own in ("__init__", "__main__"):
            continue
        for name in imports(path):
            if name == "iop_outcomes":
                wrong.append(f"{dotted(path)} imports the package's own root")
            elif name in NAMES:
                other = name.split(".")[1]
                if STAGE[other] > STAGE[own] or (own in STATISTICS and other in CLINIC):
                    wrong.append(f"{dotted(path)} imports {name}")
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports inside functions and for types only count as any other."""
    left = {name: {one for one in imports(path) if one in NAMES} for name, path in NAMES.items()}
    while True:
        free = {name for name, needed in left.items() if not needed & set(left) - {name}}
        if not free:
            break
        left = {name: needed for name, needed in left.items() if name not in free}
    assert left == {}


def test_one_import_by_name_hands_a_result_to_its_picture() -> None:
    users = [path for path in MODULES if "import_module" in path.read_text(encoding="utf-8")]
    assert [dotted(path) for path in users] == ["iop_outcomes.shared.drawing"]


def test_no_room_is_crowded_and_each_says_what_it_is() -> None:
    for folder in {path.parent for path in MODULES} - {PACKAGE}:
        files = list(folder.glob("*.py"))
        assert len(files) <= MOST_FILES, f"{len(files)} files in {dotted(folder)}"
        docstring = ast.get_docstring(parsed(folder / "__init__.py"))
        assert (docstring or "").count(".") >= 2, (
            f"{dotted(folder)} does not say what comes in and out"
        )


def test_the_first_file_of_a_room_only_names_its_public_things() -> None:
    for path in [PACKAGE / "public.py", *PACKAGE.rglob("__init__.py")]:
        if path.parent.name == "measures" or path == PACKAGE / "__init__.py":  # these do something
            continue
        body = parsed(path).body[1:]
        for node in body:
            names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in (
                "__all__",
                "__version__",
            )
            assert names or isinstance(node, ast.ImportFrom), f"{dotted(path)}: {ast.unparse(node)}"


def test_tests_stand_in_rooms_of_the_same_names() -> None:
    folders = {path.name for path in (PACKAGE.parent / "tests").iterdir() if path.is_dir()}
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    others = {"helpers", "house", "reference", "__pycache__"}  # house: what holds for all rooms
    assert folders - others <= rooms
    assert [path.name for path in (PACKAGE.parent / "tests").glob("test_*.py")] == []


def test_only_plots_names_matplotlib() -> None:
    users = {
        dotted(path)
        for path in MODULES
        if stage(path) != "plots"
        and any(name.split(".")[0] == "matplotlib" for name in imports(path))
    }
    assert users == set()


def test_every_public_name_is_there_and_documented() -> None:
    import iop_outcomes

    assert sorted(iop_outcomes.__all__) == list(iop_outcomes.__all__)
    for name in iop_outcomes.__all__:
        assert getattr(iop_outcomes, name).__doc__, name


def test_a_public_name_is_itself_also_where_a_room_has_the_same_name() -> None:
    code = "import iop_outcomes.report, iop_outcomes.sensitivity, iop_outcomes as iop; "
    code += "print(iop.sensitivity.__qualname__, iop.sensitivity.__module__)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["sensitivity", "iop_outcomes.sensitivity.specification_curve"]


def test_files_stay_easy_to_hold_in_the_head() -> None:
    """Lists of names may be as long as there are public things."""
    long = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in MODULES
        if path.name not in ("__init__.py", "public.py")
    }
    assert {name: size for name, size in long.items() if size > 400} == {}


OLD = ("measures.words", "measures", "relapse.pieces")
FRESH = """
import json, sys, warnings
import iop_outcomes
found = {"loaded": sorted({name.split(".")[0] for name in sys.modules})}
for old in sys.argv[1:]:
    for name in [name for name in sys.modules if name.startswith(f"iop_outcomes.{old}")]:
        del sys.modules[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(f"import iop_outcomes.{old} as module", "caller.py", "exec"))
    own = [one for one in caught if one.filename == "caller.py"]
    found[old] = [len(dir(module)), " ".join(str(one.message) for one in own)]
print(json.dumps(found))
"""


COMMAND = """
import json, sys
sys.argv = ["/usr/bin/iop-outcomes", "--version"]
import iop_outcomes.cli
found = {"command": sorted({name.split(".")[0] for name in sys.modules})}
found["asked"] = iop_outcomes.read_records.__name__  # as by a program of the same name
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def fresh() -> dict[str, Any]:
    """What an interpreter of its own has loaded after a bare import, and what old paths lead to."""
    done = subprocess.run(
        [sys.executable, "-c", FRESH, *OLD], check=True, capture_output=True, text=True, timeout=120
    )
    result: dict[str, Any] = json.loads(done.stdout)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND], check=True, capture_output=True, text=True, timeout=120
    )
    result |= json.loads(done.stdout)
    return result


def test_a_bare_import_brings_in_nothing_heavy(fresh: dict[str, Any]) -> None:
    """The command loads a room when it needs it; any other program all of them, and no more."""
    heavy = {"lifelines", "matplotlib", "scipy", "highspy", "statsmodels", "openpyxl", "jinja2"}
    assert not heavy & set(fresh["loaded"])
    assert "pandas" in fresh["loaded"]
    assert not {"numpy", "pandas", "pyarrow"} & set(fresh["command"])
    assert fresh["asked"] == "read_records"


@pytest.mark.parametrize("old", OLD)
def test_an_old_path_still_leads_to_the_same_things_and_says_so(
    old: str, fresh: dict[str, Any]
) -> None:
    names, warning = fresh[old]
    assert names > 12
    assert "is removed in the next version" in warning
