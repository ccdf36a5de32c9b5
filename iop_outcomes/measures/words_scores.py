"""The old name of `iop_outcomes.use.pattern_scores`, kept for one version."""

from iop_outcomes.use.pattern_scores import *  # noqa: F403  # all of it, under its old name
