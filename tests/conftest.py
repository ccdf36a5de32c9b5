"""What all tests share: properties without a deadline, and in CI the same examples each time."""

from __future__ import annotations

import gc
import os

from hypothesis import Phase, settings

# While the files of tests are read there is no garbage to speak of, and to look for it again and
# again takes a third of that time.
gc.disable()

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


def pytest_collection_finish() -> None:
    """Go on collecting garbage, but look no more at what the collection of tests has made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # of small frames: little is garbage that refers to itself
    gc.enable()
