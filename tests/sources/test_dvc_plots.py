"""The plots of commits as DVC draws them: charts with their data, pictures, and what is missing."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from wherefrom.sources import dvc_plots

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PLOTS = "plots: [curve.csv, pixel.png]\n"


@pytest.fixture
def plotted(small: Sandbox) -> Sandbox:
    """Two commits with a curve and a picture; the first is tagged."""
    for tag, values in (("v1", "0.1\n0.2\n"), ("v2", "0.1\n0.3\n")):
        (small.root / "curve.csv").write_text(f"loss\n{values}")
        (small.root / "pixel.png").write_bytes(PIXEL)
        (small.root / "dvc.yaml").write_text(small.text("dvc.yaml").removesuffix(PLOTS) + PLOTS)
        small.commit(tag)
        small.git("tag", tag)
    return small


def folders(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_plots_of_commits_come_with_the_data_of_each_and_pictures_inline(
    plotted: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(plotted, monkeypatch)
    before = folders(plotted.root)

    found = dvc_plots.side_by_side(plotted.root, ["v1", "v2"])

    assert found.gaps == ()
    (curve,) = [one for one in found.drawn if one.spec]
    assert {(row["rev"], row["loss"]) for row in curve.spec["data"]["values"]} == {
        ("v1", "0.1"),
        ("v1", "0.2"),
        ("v2", "0.1"),
        ("v2", "0.3"),
    }
    pictures = [one.picture for one in found.drawn if one.picture]
    assert pictures == [f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"] * 2
    assert folders(plotted.root) == before


def test_one_commit_is_not_compared_with_the_workspace_and_none_has_no_plots(
    plotted: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(plotted, monkeypatch)
    (plotted.root / "curve.csv").write_text("loss\n9\n")

    found = dvc_plots.side_by_side(plotted.root, ["v1"])

    assert {rev for one in found.drawn for rev in one.revs} == {"v1"}
    assert dvc_plots.side_by_side(plotted.root, []) == dvc_plots.Plots()


def test_what_dvc_cannot_draw_is_a_gap(plotted: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    _go(plotted, monkeypatch)
    (plotted.root / "curve.csv").unlink()

    (missing,) = dvc_plots.side_by_side(plotted.root, ["workspace"]).gaps
    (refused,) = dvc_plots.side_by_side(plotted.root, ["nonsuch"]).gaps

    assert missing.what == "curve.csv of workspace is not drawn"
    assert refused.what == "the plots are not drawn"
    assert "nonsuch" in refused.why


def _go(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
