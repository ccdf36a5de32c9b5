"""What all tests share: properties without a deadline, and in CI the same examples each time."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

# While the files of tests are read there is no garbage to speak of, and to look for it again and
# again takes a third of that time.
gc.disable()

THRESHOLDS = 50_000, 20, 50  # small frames are seldom garbage that refers to itself

# Each worker has a core to itself: threads of a matrix product would only wait for each other.
# Set before anything imports numpy.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

# Other examples at each run, and the smallest one that fails.
settings.register_profile("here", deadline=None, max_examples=25)
# The same examples each time, and no search for the smallest one that fails: it can take many
# minutes.
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_configure(config: pytest.Config) -> None:
    """Keep bytecode in the cache of pytest where it is not to be kept beside the sources.

    Else each process compiles the package, and each that collects tests rewrites all of them: a
    tenth of the run. What is kept holds for the other processes and for the next run.
    """
    cache = getattr(config, "cache", None)
    if cache is None or not os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        return
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(cache.mkdir("bytecode"))
    sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take as many times the examples of each property as ``EXAMPLES`` says, at other places."""
    times = int(os.environ.get("EXAMPLES", "1"))
    tests = {getattr(item, "obj", None) for item in items} if times > 1 else set()
    for test in tests:
        test = getattr(test, "__func__", test)
        own = getattr(test, "_hypothesis_internal_use_settings", None)
        if own is not None:
            more = settings(own, max_examples=times * own.max_examples, derandomize=False)
            test._hypothesis_internal_use_settings = more


def pytest_collection_finish() -> None:
    """Go on collecting garbage, but look no more at what the collection of tests has made."""
    gc.collect()
    gc.freeze()
    _collect_seldom()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Collect garbage again, and leave no figure open for the next file of tests.

    A test that runs the command in this process stops the collection. Figures that are left open
    are warned of from the 21st on, in whatever test opens it.
    """
    if not gc.isenabled() or gc.get_threshold() != THRESHOLDS:
        _collect_seldom()
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and (nextitem is None or nextitem.path != item.path):
        pyplot.close("all")


@pytest.fixture(scope="module")
def slopes_when_used() -> Iterator[None]:
    """Let parametric fits take a third of their time; see tests/helpers/engines.py."""
    from tests.helpers import engines  # only now: it imports numpy

    with engines.slopes_when_used():
        yield


def _collect_seldom() -> None:
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
