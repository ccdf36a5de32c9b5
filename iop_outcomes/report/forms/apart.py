"""A report made on two cores: another process draws pictures, and lays out the PDF, beside this."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from iop_outcomes.report.forms import paper
from iop_outcomes.report.forms.pdf import fonts_of_page, weasyprint
from iop_outcomes.report.model import Drawing, How

DRAWN = (".html", ".htm", ".docx")  # forms whose pictures are drawn in the meantime
START = "import gc; gc.disable(); "  # the process ends with its report
START += "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import runpy; "
START += "runpy.run_path(sys.argv[2], run_name='__main__')"
Job = tuple[How, int]  # which picture, and how it is to be drawn


def worth_it(places: Sequence[Path]) -> bool:
    """Whether a second process makes a report sooner: a PDF and pictures, and a core for each."""
    endings = {place.suffix.lower() for place in places}
    return ".pdf" in endings and bool(endings & {*DRAWN}) and _cores() > 1


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class PaperProcess:
    """A process that draws some of the pictures and lays out the page.

    It is another Python with one small program, and no copy of this process, so that it is the same
    on every system and beside threads. Where it cannot be started, or ends without an answer, all
    is done here: with the same bytes, or the error that says what is wrong.
    """

    def __init__(self) -> None:
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

    def ask(self, *request: object) -> Any:
        """Return the answer of the other process.

        Raises
        ------
        NoAnswerError
            There is none; the process is ended.
        """
        process = self._process
        if process is None:
            raise NoAnswerError
        try:
            _piped(process.stdin).write(pickle.dumps(request))
            _piped(process.stdin).flush()
            return pickle.load(_piped(process.stdout))
        except Exception as error:  # whatever it is, it is seen again where the work is done here
            self.close()
            raise NoAnswerError from error

    def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                _piped(pipe).close()
        process.wait()


class NoAnswerError(Exception):
    """The other process has ended, or was never there."""


class Shared:
    """What two processes do at once: the other lays out a page, and both draw pictures.

    Each takes the next picture that is left, so that both end at about the same time whatever
    else the computer does. The figure of a picture stays where it was drawn, for its dots.

    Parameters
    ----------
    process : PaperProcess
        The other process.
    drawings : sequence of Drawing
        All pictures of the report.
    hows : sequence of str
        How they are to be drawn.
    keep : bool
        Whether their dots will be asked for.
    page : str
        The page; none if it is empty.
    progress : bool
        Show on the standard error how many are drawn.
    """

    def __init__(
        self,
        process: PaperProcess,
        drawings: Sequence[Drawing],
        hows: Sequence[How],
        *,
        keep: bool = False,
        page: str = "",
        progress: bool = False,
    ) -> None:
        self._process, self._keep, self._page = process, keep, page
        self._drawings = drawings
        jobs = [(how, number) for how in hows for number in range(len(drawings))]
        self._left = deque(one for one in jobs if not drawings[one[1]].has(one[0]))
        self._bar = _bar(len(self._left)) if progress else None
        self._pdf = b""
        self._thread = threading.Thread(target=self._there, daemon=True)
        self._thread.start()

    def _there(self) -> None:
        with suppress(NoAnswerError):
            if self._page:
                self._pdf = self._process.ask(paper.PAGE, self._page, fonts_of_page())
            while (job := self._next(deque.pop)) is not None:
                self._draw_there(*job)

    def _draw_there(self, how: How, number: int) -> None:
        drawing = self._drawings[number]
        try:
            picture = self._process.ask(paper.PICTURE, number, drawing.draw, how, self._keep)
        except NoAnswerError:
            self._left.append((how, number))
            raise
        drawing.take(how, picture)
        self._tell()

    def _next(self, take: Callable[[deque[Job]], Job]) -> Job | None:
        with suppress(IndexError):
            return take(self._left)
        return None

    def _draw_here(self) -> None:
        while (job := self._next(deque.popleft)) is not None:
            how, number = job
            if self._keep:
                self._drawings[number].keep()
            else:
                getattr(self._drawings[number], how)
            self._tell()

    def _tell(self) -> None:
        if self._bar is not None:
            self._bar.update()

    def finish(self) -> bytes:
        """Draw what is left, and return the PDF of the page when it is made."""
        self._draw_here()
        self._thread.join()
        self._draw_here()  # what the other process left undone
        if self._bar is not None:
            self._bar.close()
        if self._page and not self._pdf.startswith(b"%PDF-"):
            return paper.laid_out(self._page, fonts_of_page())
        return self._pdf


def _bar(total: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc="report: pictures")


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
