"""What is installed beside a project: `wherefrom`, and nothing else of this repository."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from sandbox import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_wheel_holds_wherefrom_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--offline"]
    subprocess.run(
        [*command, "--python", sys.executable, "--out-dir", str(tmp_path), str(PROJECT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"wherefrom", "wherefrom-0.1.0.dist-info"}
    assert "wherefrom/plugin.py" in names
    page = "wherefrom/render/report"
    assert {f"{page}/page.html", f"{page}/charts/vega.min.js", f"{page}/charts/LICENSES.txt"} <= {
        *names
    }


def test_the_environment_lends_no_module_of_a_checkout(tmp_path: Path) -> None:
    code = "import importlib.util as u; print([u.find_spec(m) for m in ('pipeline', 'train')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[None, None]\n"
