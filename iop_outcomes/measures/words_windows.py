"""The old name of `iop_outcomes.use.pattern_windows`, kept for one version."""

from iop_outcomes.use.pattern_windows import *  # noqa: F403  # all of it, under its old name
