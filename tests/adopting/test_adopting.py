"""What docs/adopting.md says, done word for word in a project of somebody else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sandbox import PROJECT, Sandbox, built_on_a_store, copy_of

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (PROJECT / "docs/adopting.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
NOT_HERE = "pip install "  # the environment has it: a test installs nothing
ENDS = {
    "wherefrom init": (1, 0),  # as nobody answers; then nothing is left to do
    "wherefrom trace workspace": (1,),  # nothing says what is installed
}
CHANGING = re.compile(r"\b[0-9a-f]{7,64}\b|\b\d{4}-\d\d-\d\d( [\d:]+Z)?|\b[a-z]+-[a-z]+-\d+\b")


def build(root: Path, environment: dict[str, str]) -> None:
    """Write the files that the document shows, and what goes without saying."""
    for language, text in BLOCKS:
        if language in {"yaml", "python"}:
            name, _, content = text.removeprefix("# ").partition("\n")
            (root / name).write_text(content)
    (root / "params.yaml").write_text("lr: 0.1\n")
    (root / "data").mkdir()
    (root / "data/rows.csv").write_text("a,b\n1,2\n3,4\n")
    sandbox = Sandbox(root, environment)
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    sandbox.dvc("add", "--quiet", "data/rows.csv")
    sandbox.git("add", ".dvc", ".dvcignore", "data", "*.yaml", "*.py")
    sandbox.git("commit", "--quiet", "--message", "Theirs")


@pytest.fixture
def theirs(
    shared_folder: Path,
    tmp_path: Path,
    warm_environment: dict[str, str],
    plugin_environment: dict[str, str],
) -> Sandbox:
    """Their project, with a store in which there is no run."""
    template = built_on_a_store(shared_folder, "adopting", build, warm_environment)
    return copy_of(template, tmp_path / "theirs", plugin_environment)


def test_the_document_word_for_word(theirs: Sandbox) -> None:
    """Each command ends well, and where its output is shown, it is that."""
    said = ""
    ends = {command: list(statuses) for command, statuses in ENDS.items()}
    for language, text in BLOCKS:
        if language == "sh":
            said = "".join(_done(theirs, command, ends) for command in text.splitlines())
        elif language == "diff":
            theirs.run("bash", "-ec", f"git apply - <<'END'\n{text}END")
        elif language == "text":
            assert re.search(_pattern(text), _plain(said), flags=re.DOTALL), f"{text}\n---\n{said}"


def _done(sandbox: Sandbox, command: str, ends: dict[str, list[int]]) -> str:
    if command.startswith(NOT_HERE):
        return ""
    done = sandbox.process("bash", "-ec", command)
    expected = ends[command].pop(0) if command in ends else 0
    assert done.returncode == expected, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def _pattern(shown: str) -> str:
    """Give what an output has to be: `...` stands for any lines."""
    return re.escape(_plain(shown)).replace(r"\.\.\.", ".*")


def _plain(text: str) -> str:
    """Leave out what is another one each time."""
    return re.sub(r"[ \t]+", " ", CHANGING.sub("#", text))
