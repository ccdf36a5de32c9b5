"""All settings of the study, in the order of their pages."""

from __future__ import annotations

from validation.coverage_check_ins import check_in_settings
from validation.coverage_days import day_settings
from validation.coverage_episodes import episode_settings
from validation.coverage_imputation import imputation_settings
from validation.coverage_population import Population
from validation.coverage_processes import process_settings
from validation.coverage_rates import rate_settings
from validation.coverage_regression import few_settings, regression_settings
from validation.coverage_setting import Setting


def make_settings(population: Population) -> list[Setting]:
    """Return the settings of the first page."""
    return [
        *day_settings(population),
        *check_in_settings(population),
        *process_settings(),
        *regression_settings(),
    ]


def make_more_settings() -> list[Setting]:
    """Return the settings of the second page, which need no population."""
    return [*episode_settings(), *imputation_settings(), *rate_settings(), *few_settings()]
