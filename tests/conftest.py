"""What all tests share: properties without a deadline, and in CI the same examples each time."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

settings.register_profile("here", deadline=None)
# Half as many examples, and no search for the smallest one that fails: it can take many minutes.
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=50,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
settings.load_profile("ci" if os.environ.get("CI") else "here")
