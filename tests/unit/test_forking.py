"""What forking a script leaves behind in the process that forks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FORK = """\
import gc, os, sys
from wherefrom.sweeping import forking, script

gc.freeze()
before = gc.get_freeze_count()
for _ in range(3):
    garbage = []
    garbage.append(garbage)
    del garbage
    pid = forking.fork(script.parse("python stage.py", ".", os.environ), ".", {}, lambda _: None)
    assert os.waitpid(pid, 0)[1] == 0
print(gc.get_freeze_count() - before, file=sys.stderr)
"""


def test_what_is_garbage_when_a_script_is_forked_can_still_be_collected(tmp_path: Path) -> None:
    (tmp_path / "stage.py").write_text("import gc; assert gc.get_freeze_count() > 1000")

    done = subprocess.run(
        [sys.executable, "-c", _FORK], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "0\n")
