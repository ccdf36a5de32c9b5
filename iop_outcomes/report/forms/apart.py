"""A report made on two cores: another process draws pictures, and lays out the PDF, beside this."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal

from iop_outcomes.paper_process import NoAnswerError, PaperProcess
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.forms import paper
from iop_outcomes.report.forms.pdf import fonts_of_page, weasyprint
from iop_outcomes.report.model import Drawing, How

Made = Literal["picture", "narrow", "dots", "page"]
Job = tuple[Made, int]  # how a picture is to be drawn, and its place; or the page
PAGE: Job = ("page", 0)
ALL: tuple[Made, ...] = ("picture", "narrow", "dots", "page")


def check(process: PaperProcess) -> None:
    """Raise ReportError if no PDF can be made here; what the process needs is loaded by then."""
    if not process.is_ready():
        weasyprint()


class Shared:
    """What two processes do at once: both draw pictures, and the other one lays out the page.

    Each takes the next picture that is left, so that both end at about the same time whatever
    else the computer does. The figure of a picture is kept where it was drawn, for its dots, and
    those of the other process come here with their pictures: each makes first the dots of its own.
    The other process begins as soon as it is given something; this one in `pictures` and `finish`.

    Parameters
    ----------
    process : PaperProcess
        The other process.
    keep : bool
        Whether the dots of pictures will be asked for.
    progress : bool
        Show on the standard error how many are drawn.
    """

    def __init__(
        self, process: PaperProcess, *, keep: bool = False, progress: bool = False
    ) -> None:
        self._process, self._keep, self._progress = process, keep, progress
        self._drawings: list[Drawing] = []  # each is known to the other process by its place
        self._sent: list[bytes] = []  # what draws them
        self._asked: set[Job] = set()
        self._left: list[Job] = []
        self._kept_there: set[Job] = set()  # dots of figures that the other process holds
        self._page, self._pdf = "", b""
        self._thread: threading.Thread | None = None
        self._there_now: Job | None = None
        self._alone = self._ended = False
        self._changed = threading.Condition()

    def __enter__(self) -> Shared:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing more done."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def draw(self, drawings: Sequence[Drawing], *hows: How) -> None:
        """Have pictures drawn that are not drawn yet.

        Raises
        ------
        ReportError
            No PDF can be made here.
        """
        if self._thread is None:
            check(self._process)  # by now it has loaded what it needs, while this one counted
            self._thread = threading.Thread(target=self._there, daemon=True)
            self._thread.start()
        new = [one for one in drawings if one not in self._drawings]
        self._drawings += new
        self._sent += [_pickled(one.draw) for one in new]  # here: no thread reads what may change
        places = [self._drawings.index(one) for one in drawings]
        self._add([(how, place) for how in hows for place in places])

    def lay_out(self, page: str) -> None:
        """Have a page laid out."""
        self._page = page
        self._add([PAGE])

    def _add(self, jobs: Sequence[Job]) -> None:
        with self._changed:
            self._left += [job for job in jobs if job not in self._asked]
            self._asked |= {*jobs}
            self._changed.notify_all()

    def pictures(self, how: How) -> None:
        """Draw those that are left of one kind, and wait for those of the other process."""

        def done() -> bool:
            return self._there_now is None or self._there_now[0] != how

        self._work((how,), done)

    def finish(self) -> bytes:
        """Draw what is left, wait for the other process, and return the PDF of the page."""
        self._work(ALL, until=lambda: self._there_now is None and not self._left)
        return self._pdf

    def _work(self, hows: Sequence[Made], until: Callable[[], bool]) -> None:
        def left() -> int:
            with self._changed:  # the other thread takes jobs in the meantime
                return sum(job[0] in hows for job in self._left)

        total = left()
        bar = _bar(total) if self._progress and total else None
        while (job := self._next_here(hows, until)) is not None:
            how, place = job
            if how == "page":
                self._pdf = paper.laid_out(self._page, fonts_of_page())
            elif how == "picture" and self._keep:
                self._drawings[place].keep()
            else:
                getattr(self._drawings[place], how)
            if bar is not None:
                # What the other process could not do is left again: a bar does not go back for it.
                bar.update(max(0, total - left() - bar.n))
        if bar is not None:
            bar.update(total - left() - bar.n)
            bar.close()

    def _next_here(self, hows: Sequence[Made], until: Callable[[], bool]) -> Job | None:
        """Return the first of what is left, when that is known; the page only without the other."""

        def mine() -> Job | None:
            left = [job for job in self._left if job[0] in hows and (self._alone or job != PAGE)]
            return min(left, key=lambda job: job in self._kept_there, default=None)

        with self._changed:
            self._changed.wait_for(lambda: mine() or until())
            job = mine()
            if job is not None:
                self._left.remove(job)
            return job

    def _there(self) -> None:
        while (job := self._next_there()) is not None:
            try:
                self._do_there(*job)
            except Exception:  # whatever it is, this process would wait for ever
                with self._changed:
                    self._left.append(job)
                    self._alone = True
            with self._changed:
                self._there_now = None
                self._changed.notify_all()

    def _next_there(self) -> Job | None:
        """Return the page, or the last picture that the page waits for, or the last of others.

        Of these dots of a figure that is there come first: they are sooner made there.
        """
        order = {"page": 4, "picture": 3, "narrow": 1}

        def urgency(job: Job) -> int:
            return 2 if job in self._kept_there else order.get(job[0], 0)

        with self._changed:
            self._changed.wait_for(lambda: self._left or self._ended or self._alone)
            if self._ended or self._alone:
                return None
            job = max(reversed(self._left), key=urgency)
            self._left.remove(job)
            self._there_now = job
            return job

    def _do_there(self, how: Made, place: int) -> None:
        if how == "page":
            self._pdf = self._process.ask(paper.PAGE, self._page, fonts_of_page())
            return
        draw = self._sent[place]
        if not draw:  # all that is left is done here
            raise NoAnswerError
        picture = self._process.ask(paper.PICTURE, place, draw, how, self._keep)
        self._drawings[place].take(how, picture)
        if how == "picture" and self._keep:
            self._kept_there.add(("dots", place))


def _pickled(draw: Callable[..., Picture]) -> bytes:
    """Return what draws a picture as it is sent; nothing where it cannot be sent."""
    try:
        return pickle.dumps(draw)
    except Exception:  # pickle raises many kinds
        return b""


def _bar(total: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc="report: pictures")
