"""The command, as ``python -m iop_outcomes``."""

from __future__ import annotations

from iop_outcomes.cli import main

if __name__ == "__main__":
    main()
