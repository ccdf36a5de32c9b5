"""The process of the command: Ctrl-C gives one line and exit code 130; less garbage collection.

Both begin while the libraries are imported. Nothing changes in any other program.
"""

from __future__ import annotations

import gc
import os
import signal  # these four, and nothing slow, before Ctrl-C is watched for
import sys

COMMAND, CODE = "iop-outcomes", 130
LINE = f"{COMMAND}: interrupted"
SELDOM = 20_000, 20, 20  # in place of 700, 10, 10: most objects of a report are needed to its end


others: set[int] = set()
"""The processes that this one began and that are to end with it."""


def end_at_once(_: int, __: object) -> None:
    """Write the line and exit at once: no file is open while libraries are imported."""
    os.write(2, f"{LINE}\n".encode())
    for other in others:
        end(other)
    os._exit(CODE)


def is_command() -> bool:
    """Return whether this process is the command, not another program that imports the package."""
    return (
        bool(sys.argv) and os.path.basename(sys.argv[0]).partition(".")[0] == COMMAND
    )  # pathlib is loaded later


def watch_the_start() -> None:
    """Exit at once on Ctrl-C while the command is imported; do nothing in any other program.

    A command imports the libraries that it needs before it begins its work: see `begin_work`.
    """
    if is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        set_handler(end_at_once)


def set_handler(handler: object) -> None:
    """Set the handler of Ctrl-C, if this is the main thread (no other thread may set it)."""
    try:
        signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]  # two kinds of handlers
    except ValueError:
        return


def end(process: int) -> None:
    """End a process, if it is there still."""
    try:
        os.kill(process, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    except OSError:
        return


def without_advice() -> None:
    """Keep matplotlib's advice, such as where its cache could lie, out of a command's output."""
    import logging

    logging.getLogger("matplotlib").setLevel(logging.ERROR)


def begin_work() -> None:
    """Have half-written files put away on Ctrl-C from now on: what a command needs is loaded."""
    look_seldom()
    if signal.getsignal(signal.SIGINT) is end_at_once:
        set_handler(signal.default_int_handler)


def look_seldom() -> None:
    """Collect garbage less often from now on, and never among the objects that exist already."""
    if is_command():
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()


def look_no_more() -> None:
    """Stop collecting garbage, because the process is about to end."""
    if is_command():
        gc.freeze()
        gc.disable()


if is_command():
    gc.disable()  # while the package is imported
watch_the_start()  # the package imports this module before all others
