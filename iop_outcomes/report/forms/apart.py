"""The PDF of a report made on another core, while this one draws what the other forms need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from iop_outcomes.report.forms import paper
from iop_outcomes.report.forms.pdf import fonts_of_page, for_paper, weasyprint

DRAWN = (".html", ".htm", ".docx")  # forms whose pictures are drawn in the meantime
START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import runpy; "
START += "runpy.run_path(sys.argv[2], run_name='__main__')"


def worth_it(places: Sequence[Path]) -> bool:
    """Whether a second process makes a report sooner: a PDF and pictures, and a core for each."""
    endings = {place.suffix.lower() for place in places}
    return ".pdf" in endings and bool(endings & {*DRAWN}) and _cores() > 1


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class PaperProcess:
    """A process that lays out one page.

    It is another Python with one small program, and no copy of this process, so that it is the same
    on every system and beside threads. Where it cannot be started, or ends without a PDF, the page
    is laid out here: with the same bytes, or the error that says what is wrong.
    """

    def __init__(self) -> None:
        self._page = ""
        self._process: subprocess.Popen[bytes] | None = None
        if not sys.executable:  # Python within another program
            return
        command = [sys.executable, "-c", START, json.dumps(sys.path), paper.__file__]
        with suppress(OSError):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    def check(self) -> None:
        """Raise ReportError if no PDF can be made here; what it needs is loaded by then."""
        if self._process is None or _piped(self._process.stdout).readline() != paper.READY:
            self.close()
            weasyprint()

    def send(self, html: str) -> None:
        """Have a page laid out, and return at once."""
        self._page = for_paper(html)
        if self._process is None:
            return
        asked = {"page": self._page, "fonts": fonts_of_page()}
        with suppress(OSError):  # it has ended, which is seen when it is asked for the PDF
            _piped(self._process.stdin).write(json.dumps(asked).encode())
            _piped(self._process.stdin).close()

    def pdf(self) -> bytes:
        """Return the PDF of the page that was sent, when it is made."""
        if self._process is None:
            return paper.laid_out(self._page, fonts_of_page())
        content = _piped(self._process.stdout).read()
        ended_well = self._process.wait() == 0 and content.startswith(b"%PDF-")
        return content if ended_well else paper.laid_out(self._page, fonts_of_page())

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _piped(pipe).close()
        self._process.wait()
        self._process = None


def _piped(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # asked for when the process was started
    return pipe


@contextmanager
def paper_process(places: Sequence[Path], *, wanted: bool = True) -> Iterator[PaperProcess | None]:
    """Give a second process for the PDF among `places`; None where it is not worth it."""
    process = PaperProcess() if wanted and worth_it(places) else None
    try:
        yield process
    finally:
        if process is not None:
            process.close()
