"""Every command of the guides, run word for word, in order, in a copy of the project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from own_table import write_table

from sandbox import PROJECT

if TYPE_CHECKING:
    from sandbox import Sandbox

GUIDES = {path.stem: path.read_text() for path in sorted((PROJECT / "docs/guides").glob("*.md"))}
ENDS = {"wherefrom diff shallow boosted": 1}  # they differ


def blocks(guide: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDES[guide], flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_commands_of_a_guide_do_what_it_says(sandbox: Sandbox, guide: str) -> None:
    write_table(sandbox.root / "path/to/your_table.csv")
    written = [yaml.safe_load(block) for block in blocks(guide, "yaml")]

    for command in "\n".join(blocks(guide, "sh")).splitlines():
        if command == "dvc repro":
            _change(sandbox, written)
        done = sandbox.process("bash", "-ec", command)
        assert done.returncode == ENDS.get(command, 0), f"{command}\n{done.stdout}{done.stderr}"


def test_what_the_guide_says_of_experiments_is_taken(sandbox: Sandbox) -> None:
    _change(sandbox, [yaml.safe_load(block) for block in blocks("variants", "yaml")])

    sandbox.run("python", "src/check.py", "--dry-run")
    sandbox.replace("params.yaml", "status: draft", "status: drft")

    refused = sandbox.process("python", "src/check.py", "--dry-run")
    assert refused.returncode == 2
    assert "experiment.tags.status is 'drft'; allowed is draft or final" in refused.stderr


def test_python_loads_the_data_of_a_run_as_the_guide_says(sandbox: Sandbox) -> None:
    (code,) = blocks("reading-results", "python")
    mine = re.sub(r'get_run\("\w+"\)', f'get_run("{sandbox.record().mlflow_run_id}")', code)

    (sandbox.root / "load.py").write_text(f"{mine}\nprint(open(path).read(), end='')")

    said = sandbox.run("python", "load.py")

    assert said == sandbox.text("data/raw/breast_cancer.csv")


def _change(sandbox: Sandbox, written: list[dict[str, dict[str, object]]]) -> None:
    """Write what a guide says into params.yaml."""
    params = yaml.safe_load((sandbox.root / "params.yaml").read_text())
    for document in written:
        for section, values in document.items():
            params[section] |= values
    (sandbox.root / "params.yaml").write_text(yaml.safe_dump(params))
