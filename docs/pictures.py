"""Draw the pictures of the README from the sample, and renew their alternative texts in it.

python -m docs.pictures          # draw the images, renew the texts
python -m docs.pictures --check  # say whether the texts are those of the run

The images are not compared: their bytes differ between machines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import iop_outcomes as iop

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def pictures() -> dict[str, tuple[Axes, str]]:
    """Return each picture of the README, and its alternative text, by the name of its file.

    The texts name the figures that the eye goes to; the definition and the rules stand in the
    small print of the picture and, in full, in `iop_outcomes.alternative_text`.
    """
    records = iop.read_records(ROOT / "data" / "samples")
    times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
    curves = iop.survival_curves(times, by="track")
    states = iop.state_occupation(records)
    return {
        "relapse_by_track": (iop.plot_survival(curves), f"Curves. {_first_sentence(curves.text)}"),
        "states": (iop.plot_states(states), f"Stacked areas. {_shares(states)}"),
    }


def _first_sentence(text: str) -> str:
    return f"{text.split('. ')[0]}."


def _shares(states: iop.StateOccupation) -> str:
    found = states.at(states.last_day)
    shares = [
        f"{state} {share:.1%}" for state, share in zip(found["state"], found["share"], strict=True)
    ]
    day = f"{states.last_day:g}"
    return f"Share of {states.units} in each state on day {day}: {', '.join(shares)}."


def described(page: str, drawn: dict[str, tuple[Axes, str]]) -> str:
    """Return the page with the alternative text of each image as its run gives it."""
    for name, (_, told) in drawn.items():
        image = re.compile(rf"!\[[^\n]*\]\((docs/images/{name}\.png)\)")
        text = f"{told} Synthetic data."
        page, found = image.subn(lambda match, text=text: f"![{text}]({match[1]})", page)
        if found != 1:
            sys.exit(f"README.md shows the image {name}.png {found} times; it should show it once")
    return page


def main() -> None:
    """Draw each picture into docs/images and renew README.md, or check the texts of README.md."""
    import matplotlib

    matplotlib.use("agg")
    drawn = pictures()
    before = README.read_text(encoding="utf-8")
    after = described(before, drawn)
    if "--check" in sys.argv:
        if before != after:
            sys.exit(
                "the alternative texts of README.md are not those of the run: "
                "run python -m docs.pictures"
            )
        return
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    for name, (axes, _) in drawn.items():
        axes.figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
    README.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
