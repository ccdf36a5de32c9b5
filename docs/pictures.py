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


def pictures() -> dict[str, Axes]:
    """Return the axes of each picture of the README by the name of its file."""
    records = iop.read_records(ROOT / "data" / "samples")
    times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
    curves = iop.survival_curves(times, by="track")
    return {
        "relapse_by_track": iop.plot_survival(curves),
        "states": iop.plot_states(iop.state_occupation(records)),
    }


def described(page: str, drawn: dict[str, Axes]) -> str:
    """Return the page with the alternative text of each image as its picture gives it."""
    for name, axes in drawn.items():
        image = re.compile(rf"!\[[^\n]*\]\((docs/images/{name}\.png)\)")
        text = f"{iop.alternative_text(axes)} Synthetic data."
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
    for name, axes in drawn.items():
        axes.figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
    README.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
