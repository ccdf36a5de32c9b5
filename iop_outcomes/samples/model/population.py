"""All admissions of a sample, including readmissions, and their courses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.course import follow
from iop_outcomes.samples.model.design import Array, Design
from iop_outcomes.samples.model.people import admit_people, readmit_people
from iop_outcomes.samples.model.state import NEVER, Course

READMISSIONS = 2  # maximum number for one person


def admit_and_follow(design: Design, rng: np.random.Generator) -> tuple[pd.DataFrame, Course]:
    """Return every admission, sorted by person and number, and the course of each."""
    who = admit_people(design, rng)
    course = follow(who, design, rng)
    everybody, courses = [who], [course]
    for _ in range(READMISSIONS):
        admit = who["admit"].to_numpy()
        ended = pd.DataFrame(
            {
                "discharge": admit + course.discharge,
                "reason": course.reason,
                "relapse": np.where(course.relapse < NEVER, admit + course.relapse, np.nan),
            }
        )
        who = readmit_people(who, ended, design, rng)
        if who.empty:
            break
        course = follow(who, design, rng)
        everybody.append(who)
        courses.append(course)
    together = pd.concat(everybody, ignore_index=True)
    order = np.lexsort((together["number"], together["person"]))
    return together.iloc[order].reset_index(drop=True), _joined(courses, order)


def _joined(courses: list[Course], order: Array) -> Course:
    """Return the courses of several frames as one, its rows in `order`."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    starts = np.cumsum([0] + [len(course.reason) for course in courses])
    sessions = pd.concat(
        [
            course.sessions.assign(episode=place[course.sessions["episode"].to_numpy() + start])
            for course, start in zip(courses, starts, strict=False)
        ],
        ignore_index=True,
    )
    columns = {
        name: np.concatenate([getattr(course, name) for course in courses])[order]
        for name in ("leave", "discharge", "reason", "relapse")
    }
    return Course(
        **columns,
        sessions=sessions.sort_values(["episode", "day", "service"], ignore_index=True),
    )
