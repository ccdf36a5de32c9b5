"""Data sets that come with R's packages: read from R where it is installed, never kept."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache

import pandas as pd
import pytest


def r_data(name: str, package: str = "survival") -> pd.DataFrame:
    """Return a data set of a package of R; skip the test where R does not have it."""
    text = _text(name, package)
    if text is None:
        pytest.skip(f"R with its {package} package is not installed, which holds {name}")
    return pd.read_csv(io.StringIO(text))


@cache
def _text(name: str, package: str) -> str | None:
    command = shutil.which("Rscript")
    if command is None:
        return None
    # Some packages keep their data apart, others load them with their functions.
    code = (
        f"suppressMessages(library({package})); "
        f"if (!exists('{name}')) data({name}, package = '{package}'); "
        f"write.csv({name}, row.names = FALSE)"
    )
    found = subprocess.run(
        [command, "--vanilla", "-e", code], capture_output=True, text=True, check=False
    )
    return found.stdout if found.returncode == 0 else None
