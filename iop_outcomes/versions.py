"""Which versions are at work; to be pasted under a question or a result."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGE = "iop-outcomes"
BUILT_ON = (
    "pandas",
    "numpy",
    "scipy",
    "highspy",
    "matplotlib",
    "lifelines",
    "pyarrow",
    "jinja2",
    "xlsxwriter",
)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


__version__ = _version(PACKAGE)


def show_versions() -> dict[str, str]:
    """Return the versions of this package, of Python and of what it is built on.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> "pandas" in iop.show_versions()
    True
    """
    own = {PACKAGE: __version__, "python": platform.python_version()}
    return {**own, **{name: _version(name) for name in BUILT_ON}}
