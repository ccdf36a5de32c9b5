"""Ctrl-C on the command line: one line and code 130, also while the libraries are imported."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

COMMAND, CODE = "iop-outcomes", 130
LINE = f"{COMMAND}: interrupted"


def end_at_once(_: int, __: FrameType | None) -> None:
    """Say it, and end: while libraries start or the process ends nothing has to be put away."""
    os.write(2, f"{LINE}\n".encode())
    os._exit(CODE)


def watch_the_start() -> None:
    """End at once on Ctrl-C while the command is imported; do nothing in any other program.

    The command's module is within the package, so that the package and its libraries are imported
    before its first line can run.
    """
    own = bool(sys.argv) and Path(sys.argv[0]).name.partition(".")[0] == COMMAND
    if own and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        set_handler(end_at_once)


def set_handler(handler: object) -> None:
    """Say what Ctrl-C does, where this thread may say it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]  # two kinds of handlers


watch_the_start()  # the package imports this module before all others
