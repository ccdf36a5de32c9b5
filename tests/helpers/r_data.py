"""Data sets that come with R's survival package: read from R where it is installed, never kept."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache

import pandas as pd
import pytest


def r_data(name: str) -> pd.DataFrame:
    """Return a data set of R's survival package; skip the test where R does not have it."""
    text = _text(name)
    if text is None:
        pytest.skip(f"R with its survival package is not installed, which holds {name}")
    return pd.read_csv(io.StringIO(text))


@cache
def _text(name: str) -> str | None:
    command = shutil.which("Rscript")
    if command is None:
        return None
    code = f"suppressMessages(library(survival)); write.csv({name}, row.names = FALSE)"
    process = subprocess.run(
        [command, "--vanilla", "-e", code], capture_output=True, text=True, check=False
    )
    return process.stdout if process.returncode == 0 else None
