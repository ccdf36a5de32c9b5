"""The old name of `iop_outcomes.relapse.definitions.building_blocks`, kept for one version."""

from __future__ import annotations

import warnings

from iop_outcomes.relapse.definitions.building_blocks import *  # noqa: F403

warnings.warn(
    "iop_outcomes.relapse.pieces is now iop_outcomes.relapse.definitions.building_blocks; "
    "this name is removed in the next version.",
    DeprecationWarning,
    stacklevel=2,
)
