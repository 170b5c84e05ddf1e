"""What the docs say of the project is true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox import PROJECT

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_every_invariant_names_tests_that_exist() -> None:
    text = (PROJECT / "docs" / "invariants.md").read_text()
    sources = "".join(path.read_text() for path in (PROJECT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", text)
    assert [name for name in named if f"def {name}(" not in sources] == []
    assert len(re.findall(r"^\| \d+ \|.*`test_", text, flags=re.MULTILINE)) == 11


def test_every_tag_of_a_run_is_in_the_list_of_names(sandbox: Sandbox) -> None:
    text = (PROJECT / "docs" / "names.md").read_text()
    known = set(re.findall(r"`([\w.<>]+)`", text))
    (run,) = sandbox.runs().values()
    own = {tag for tag in run.tags if not tag.startswith("mlflow.")}
    plain = {re.sub(r"^(dvc\.(?:data|dep))\..*", r"\1.<path>", tag) for tag in own}
    assert plain - known == set()


def test_every_metric_of_a_run_is_in_the_list_of_names(sandbox: Sandbox) -> None:
    text = (PROJECT / "docs" / "names.md").read_text()
    names = set(re.findall(r"`([\w.]+)`", text))
    (run,) = sandbox.runs().values()
    scores = {key.split(".")[1] for key in run.metrics}
    assert scores <= names
