"""Draw the pictures of the documentation from the sample: python -m docs.pictures."""

from __future__ import annotations

from pathlib import Path

import iop_outcomes as iop

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Draw each picture into docs/images."""
    import matplotlib

    matplotlib.use("agg")
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    records = iop.read_records(ROOT / "data" / "samples")
    times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
    curves = iop.survival_curves(times, by="track")
    pictures = {
        "relapse_by_track": iop.plot_survival(curves),
        "states": iop.plot_states(iop.state_occupation(records)),
    }
    for name, axes in pictures.items():
        axes.figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
