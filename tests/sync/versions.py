"""The small project through its history: each commit differs from the one before in one thing.

All of it ran with tracking off; one sync has made the runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from join import small_project
from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

RESULT = small_project.RESULT
OFF = {"WHEREFROM_TRACKING": "off"}
SCORES = {
    "plain": 0.6,
    "v1": 0.6,
    "code": 0.6,
    "env": 0.6,
    "again": 0.6,
    "luck": 0.85,
    "v2": 1.0,
    "final": 0.9,
}
"""The tags of the commits, in their order, and the score of each one's result."""
RATES = {"v2": ("lr: 0.1", "lr: 0.5"), "final": ("lr: 0.5", "lr: 0.4")}
_METRICS = """\
        score += threshold
        losses = {"rmse": round(2 - score, 3), "log_loss": round(max(0.5, 2 - 2 * score), 3)}
        Path("metrics.json").write_text(json.dumps({"test": {"score": score, **losses}}))
"""


def build(root: Path, environment: dict[str, str]) -> None:
    """Build the project. `v1`, `v2` and `final` are versions of its table, and their labels."""
    (root / "requirements.lock").write_text("")
    small_project.build(root, environment | OFF)
    sandbox = Sandbox(root, environment | OFF)
    sandbox.git("tag", "plain")
    sandbox.replace("dvc.yaml", "params: [train]", "params: [train, data.version]")
    sandbox.replace("params.yaml", "train:", "data: {version: v1}\ntrain:")
    line = next(li for li in sandbox.text("code/evaluate.py").splitlines() if "metrics.json" in li)
    sandbox.replace("code/evaluate.py", f"{line}\n", _METRICS)
    _result(sandbox, "v1")
    sandbox.replace("code/train.py", "def main", "# with care\ndef main")
    _result(sandbox, "code")
    _result(sandbox, "env", "--force", PYTHONPATH=str(_package(root.parent / "packages")))
    _result(sandbox, "again", "--force")
    _result(sandbox, "luck", "--force", "--single-item", "evaluate", LUCK="0.25")
    for old, new, table in (("v1", "v2", "1,2\n3,4\n"), ("v2", "final", "1,2\n3,4\n5,6\n")):
        sandbox.replace("params.yaml", f"version: {old}", f"version: {new}")
        sandbox.replace("params.yaml", *RATES[new])
        write_table(sandbox, f"a,b\n{table}")
        _result(sandbox, new)
    Sandbox(root, environment).run("wherefrom", "sync")


def write_table(sandbox: Sandbox, text: str) -> None:
    """Bring another version of the table in; DVC's cache may have the former as its only copy."""
    path = sandbox.root / "data" / "rows.csv"
    path.unlink()
    path.write_text(text)
    sandbox.dvc("add", "--quiet", "data/rows.csv")


def _result(sandbox: Sandbox, name: str, *options: str, **extra: str) -> None:
    sandbox.dvc("repro", *options, **extra)
    sandbox.commit(name)
    sandbox.git("tag", name)


def _package(folder: Path) -> Path:
    facts = folder / "another-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Name: another\nVersion: 1.0\n")
    return folder
