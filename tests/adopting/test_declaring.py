"""Records put into a `dvc.yaml` as somebody has written it."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox
from wherefrom import declaring
from wherefrom.calls import started_by
from wherefrom.commands import init
from wherefrom.errors.project import EditedError

if TYPE_CHECKING:
    from pathlib import Path

OWN, PLAIN = "import wherefrom\nwherefrom.start_run()\n", "import mlflow\nmlflow.start_run()\n"


def declared(text: str) -> str | None:
    """Declare the record of the one stage of a text."""
    (stage,) = declaring.stages(text, "dvc.yaml")
    assert stage.record is not None
    return declaring.declared(text, stage.name, stage.record)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        pytest.param(
            "stages:\n  a:\n    cmd: b   # why\n    # left over\n\n# the end\n",
            "stages:\n  a:\n    cmd: b   # why\n    metrics:\n      - a.wherefrom.json:\n"
            "          cache: false\n    # left over\n\n# the end\n",
            id="no lists, and comments",
        ),
        pytest.param(
            "stages:\n    a:\n        deps:\n        - x\n        cmd: b",
            "stages:\n    a:\n        deps:\n        - x\n        cmd: b\n        metrics:\n"
            "        - a.wherefrom.json:\n            cache: false",
            id="lists as far out as their keys, no newline at the end",
        ),
        pytest.param(
            "stages:\n  a:\n    metrics:\n      - m.json:\n          cache: false  # in git\n"
            "    cmd: >\n      b\n      c\n",
            "stages:\n  a:\n    metrics:\n      - m.json:\n          cache: false  # in git\n"
            "      - a.wherefrom.json:\n          cache: false\n    cmd: >\n      b\n      c\n",
            id="metrics before the command",
        ),
        pytest.param(
            "stages:\n  a:\n    cmd: |\n      b\n      c\nplots: []\n",
            "stages:\n  a:\n    cmd: |\n      b\n      c\n    metrics:\n"
            "      - a.wherefrom.json:\n          cache: false\nplots: []\n",
            id="a command of several lines at the end",
        ),
        pytest.param(
            "stages:\n  a: {cmd: b, metrics: [m.json, ]}\n",
            "stages:\n  a: {cmd: b, metrics: [m.json, a.wherefrom.json: {cache: false}, ]}\n",
            id="brackets",
        ),
        pytest.param(
            "stages: {a: {cmd: b}}\n",
            "stages: {a: {cmd: b, metrics: [a.wherefrom.json: {cache: false}]}}\n",
            id="a stage in brackets",
        ),
        pytest.param(
            "stages:\r\n  a:\r\n    cmd: b\r\n    metrics:\r\n",
            "stages:\r\n  a:\r\n    cmd: b\r\n    metrics:\r\n      - a.wherefrom.json:\r\n"
            "          cache: false\r\n",
            id="an empty list of metrics, and the lines of Windows",
        ),
        pytest.param(
            "stages:\n  a:\n    foreach: [x, y]\n    do:\n      cmd: b\n      outs:\n"
            "      - m/${item}\n",
            "stages:\n  a:\n    foreach: [x, y]\n    do:\n      cmd: b\n      outs:\n"
            "      - m/${item}\n      metrics:\n      - m/${item}.wherefrom.json:\n"
            "          cache: false\n",
            id="foreach, beside the output of each",
        ),
        pytest.param(
            "stages:\n  a:\n    foreach: {x: {n: 1}}\n    do: {cmd: b}\n",
            "stages:\n  a:\n    foreach: {x: {n: 1}}\n"
            "    do: {cmd: b, metrics: ['a-${key}.wherefrom.json': {cache: false}]}\n",
            id="foreach without an output",
        ),
        pytest.param(
            "stages:\n  a:\n    matrix: {n: [1], k: [x]}\n    cmd: b\n",
            "stages:\n  a:\n    matrix: {n: [1], k: [x]}\n    cmd: b\n    metrics:\n"
            "      - a-${item.n}-${item.k}.wherefrom.json:\n          cache: false\n",
            id="matrix",
        ),
    ],
)
def test_a_record_is_put_in_and_nothing_else_is_touched(text: str, added: str) -> None:
    assert declared(text) == added
    (stage,) = declaring.stages(added, "dvc.yaml")
    assert stage.has_record


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("stages:\n  a:\n    cmd: b\n    metrics: ${m}\n", id="a template"),
        pytest.param("x: &m [m.json]\nstages:\n  a:\n    cmd: b\n    metrics: *m\n", id="an alias"),
        pytest.param(
            "x: &m {metrics: [m.json]}\nstages:\n  a:\n    <<: *m\n    cmd: b\n", id="a merge"
        ),
        pytest.param("stages:\n  a:\n    cmd: b\t# why\n", id="a tab"),
        pytest.param("stages:\n  1:\n    cmd: b\n", id="a number"),
    ],
)
def test_a_form_that_leaves_open_where_it_belongs_is_refused(text: str) -> None:
    assert declared(text) is None


@pytest.mark.parametrize(
    ("cmd", "scripts"),
    [
        pytest.param("python src/a.py --x 1 && python b.py", ("src/a.py", "b.py"), id="two"),
        pytest.param("python -m pkg.train ${x}", ("pkg/train.py",), id="a module"),
        pytest.param("[python a.py, echo c.pyc]", ("a.py",), id="a list of commands"),
    ],
)
def test_the_scripts_of_a_command_are_found(cmd: str, scripts: tuple[str, ...]) -> None:
    (stage,) = declaring.stages(f"stages:\n  a:\n    cmd: {cmd}\n", "dvc.yaml")
    assert stage.scripts == scripts


@pytest.mark.parametrize(
    ("code", "whose"),
    [
        pytest.param(OWN, {"wherefrom"}, id="ours"),
        pytest.param(PLAIN, {"mlflow"}, id="MLflow's"),
        pytest.param("import wherefrom as w\nwith w.start_run() as r: 1", {"wherefrom"}, id="as"),
        pytest.param("from wherefrom import start_run as s\ns()", {"wherefrom"}, id="from"),
        pytest.param("import wherefrom\n# wherefrom.start_run()", set(), id="a comment"),
        pytest.param("print 'two'", set(), id="another Python"),
    ],
)
def test_whose_run_a_script_starts(code: str, whose: set[str]) -> None:
    assert started_by(code) == whose


DVC_YAML = """\
stages:
  own:   # ours
    cmd: python own.py
  plain:
    cmd: python plain.py
  each:
    foreach: ${rows}
    do:
      cmd: python ../own.py
      wdir: below
  hidden:
    cmd: python ../own.py
    wdir: lost
"""


@pytest.fixture
def theirs(tmp_path: Path, warm_environment: dict[str, str]) -> Sandbox:
    """Their project: nothing of it has run."""
    sandbox = Sandbox(tmp_path / "theirs", warm_environment)
    sandbox.root.mkdir()
    for path, text in {"dvc.yaml": DVC_YAML, "own.py": OWN, "plain.py": PLAIN}.items():
        (sandbox.root / path).write_text(text)
    (sandbox.root / "env").mkdir()
    (sandbox.root / "env/pyvenv.cfg").touch()
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    return sandbox


def test_what_was_edited_since_it_was_looked_at_stays_as_it_is(theirs: Sandbox) -> None:
    proposal = init.propose(theirs.root, {})
    (theirs.root / "dvc.yaml").write_text(f"# mine\n{DVC_YAML}")
    before = {path: path.read_bytes() for path in theirs.root.iterdir() if path.is_file()}

    with pytest.raises(EditedError, match=r"dvc\.yaml was edited meanwhile"):
        init.apply(proposal)

    after = {path: path.read_bytes() for path in theirs.root.iterdir() if path.is_file()}
    assert after == before


def test_nothing_is_changed_without_a_yes_and_a_yes_leaves_nothing_to_propose(
    theirs: Sandbox,
) -> None:
    (theirs.root / ".gitignore").write_text("mlruns\nlost/\n!env")

    asked = theirs.process("wherefrom", "init")
    assert asked.returncode == 1
    assert "+      - own.wherefrom.json:\n" in asked.stdout
    assert "nothing was changed" in asked.stdout
    assert theirs.text("dvc.yaml") == DVC_YAML

    done = theirs.process("wherefrom", "init", "--yes")
    assert done.returncode == 1  # what is left for a hand
    assert "the record of the stage each is not declared in dvc.yaml" in done.stdout
    assert "git ignores lost/hidden.wherefrom.json" in done.stdout
    assert "plain.py calls mlflow.start_run" in done.stdout
    own = "    metrics:\n      - own.wherefrom.json:\n          cache: false\n  plain:"
    assert theirs.text("dvc.yaml") == DVC_YAML.replace("  plain:", own)
    assert theirs.text(".gitignore") == "mlruns\nlost/\n!env\n/mlflow.db*\n/env/\n"
    assert theirs.text(".dvcignore").endswith("/mlflow.db*\n/mlruns/\n/env/\n/.wherefrom/\n")

    again = theirs.process("wherefrom", "init", "--json")
    assert '"changes": []' in again.stdout


@pytest.mark.parametrize("answer", ["y", "n"])
def test_whoever_is_there_is_asked(theirs: Sandbox, answer: str) -> None:
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())

    done = subprocess.run(
        ["wherefrom", "init"],
        cwd=theirs.root,
        env=theirs.cold.environment,  # a fork of another process has no stdin
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(terminal)
    os.close(person)

    assert "Make these changes?" in done.stdout
    assert (theirs.text("dvc.yaml") != DVC_YAML) == (answer == "y")
    assert done.stdout.endswith("]: changed\n") == (answer == "y")


def test_a_dvc_yaml_that_cannot_be_read_is_one_message(theirs: Sandbox) -> None:
    (theirs.root / "dvc.yaml").write_text("stages: [\n")

    done = theirs.process("wherefrom", "init", "--yes")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wherefrom: dvc.yaml cannot be read: ")
    assert not (theirs.root / ".gitignore").exists()
