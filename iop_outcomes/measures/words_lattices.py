"""The old name of `iop_outcomes.use.visit_schedules`, kept for one version."""

from iop_outcomes.use.visit_schedules import *  # noqa: F403  # all of it, under its old name
