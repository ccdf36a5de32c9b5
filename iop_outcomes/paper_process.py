"""Another Python for a report: it draws pictures and lays out the PDF on a second core.

Nothing heavy is imported here, so that the other process begins before this one has loaded what
reads and counts.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from iop_outcomes.shared import process

DRAWN = {".html", ".htm", ".docx"}  # forms whose pictures are drawn in the meantime
PROGRAM = Path(__file__).parent / "report" / "forms" / "paper.py"
READY = b"ready\n"
START = "import gc; gc.disable(); "  # the process ends with its report
START += "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import runpy; "
START += "runpy.run_path(sys.argv[2], run_name='__main__')"


def worth_it(endings: Collection[str]) -> bool:
    """Whether a second process makes a report sooner: a PDF and pictures, and a core for each.

    Parameters
    ----------
    endings : collection of str
        Of the files that are written, such as ``".pdf"``.
    """
    asked = {ending.lower() for ending in endings}
    return ".pdf" in asked and bool(asked & DRAWN) and _cores() > 1


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class NoAnswerError(Exception):
    """The other process has ended, or was never there."""


class PaperProcess:
    """A process that draws some of the pictures and lays out the page.

    It is another Python with one small program, and no copy of this process, so that it is the same
    on every system and beside threads. Where it cannot be started, or ends without an answer, all
    is done here: with the same bytes, or the error that says what is wrong.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready: bool | None = None
        if not sys.executable:  # Python within another program
            return
        command = [sys.executable, "-c", START, json.dumps(sys.path), str(PROGRAM)]
        with suppress(OSError):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            process.others.add(self._process.pid)

    def is_ready(self) -> bool:
        """Wait until the process has loaded what lays out a PDF, and return whether it could."""
        if self._is_ready is None:
            begun = self._process
            self._is_ready = begun is not None and _piped(begun.stdout).readline() == READY
            if not self._is_ready:
                self.close()
        return self._is_ready

    def ask(self, *request: object) -> Any:
        """Return the answer of the other process.

        Raises
        ------
        NoAnswerError
            There is none; the process is ended.
        """
        asked = self._process
        if asked is None:
            raise NoAnswerError
        try:
            _piped(asked.stdin).write(pickle.dumps(request))
            _piped(asked.stdin).flush()
            return pickle.load(_piped(asked.stdout))
        except Exception as error:  # whatever it is, it is seen again where the work is done here
            self.close()
            raise NoAnswerError from error

    def close(self) -> None:
        """End the process, whatever it does."""
        ended, self._process = self._process, None
        if ended is None:
            return
        ended.kill()
        for pipe in (ended.stdin, ended.stdout):
            with suppress(OSError):
                _piped(pipe).close()
        ended.wait()
        process.others.discard(ended.pid)


def _piped(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # asked for when the process was started
    return pipe


@contextmanager
def paper_process(
    endings: Collection[str], *, wanted: bool = True
) -> Iterator[PaperProcess | None]:
    """Give a second process for a PDF among files; None where it is not worth it: `worth_it`."""
    begun = PaperProcess() if wanted and worth_it(endings) else None
    try:
        yield begun
    finally:
        if begun is not None:
            begun.close()
