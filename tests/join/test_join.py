"""From a commit or an experiment to exactly its run: in every way that DVC can run a stage.

Each case does what a user does, in a copy of the project with one result; then exactly the runs
that it names exist, every holder's record names its run, both say the same, and no other run has
changed by a byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, check_link

if TYPE_CHECKING:
    from collections.abc import Callable

TREES = "train.random_forest.n_estimators"


@dataclass(frozen=True)
class Holder:
    """A revision that holds a result (None: the workspace), and what its record must say.

    `experiment` is the DVC experiment that made the result; `inherits` says that the record is that
    of the first result.
    """

    rev: str | None
    relation: str = "own"
    experiment: str | None = None
    inherits: bool = False


@dataclass(frozen=True)
class Case:
    """What a user does, the number of runs that it makes, and who holds which result."""

    act: Callable[[Sandbox], object]
    new_runs: int
    holders: tuple[Holder, ...]


def repro_clean(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 6")
    sandbox.commit("More trees")
    sandbox.dvc("repro")


def repro_dirty_then_committed(sandbox: Sandbox) -> None:
    sandbox.replace("src/train.py", "EXAMPLE_ROWS = 5", "EXAMPLE_ROWS = 4")
    sandbox.dvc("repro")
    sandbox.commit("Another example, with its result")


def variant(name: str, *settings: str, mode: str = "") -> Callable[[Sandbox], object]:
    def act(sandbox: Sandbox) -> None:
        options = [option for setting in settings for option in ("-S", setting)]
        sandbox.dvc("exp", "run", *([mode] if mode else []), "-n", name, *options)

    return act


def restored_from_the_run_cache(sandbox: Sandbox) -> None:
    variant("first", f"{TREES}=7")(sandbox)
    sandbox.git("checkout", "--force", "HEAD")
    sandbox.dvc("checkout", "--force")
    variant("second", f"{TREES}=7")(sandbox)


def train_alone_then_another_threshold(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 8")
    sandbox.dvc("repro", "train")
    variant("later", "evaluate.threshold=0.7")(sandbox)


def train_alone_then_the_rest(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 8")
    sandbox.dvc("repro", "train")
    sandbox.dvc("repro")


def failed_evaluate_then_mended(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 9")
    sandbox.replace(
        "src/evaluate.py", "    params = ", "    raise RuntimeError('broken')\n    params = "
    )
    assert sandbox.process("dvc", "repro").returncode != 0
    sandbox.replace("src/evaluate.py", "    raise RuntimeError('broken')\n", "")
    sandbox.dvc("repro")


def evaluate_alone_with_parameters_that_train_has_not_run_with(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 7")
    sandbox.replace("params.yaml", "threshold: 0.5", "threshold: 0.7")
    sandbox.dvc("repro", "--single-item", "evaluate")


def queued(sandbox: Sandbox) -> None:
    for trees in (11, 12, 13, 14):
        sandbox.dvc("exp", "run", "--queue", "-n", f"q{trees}", "-S", f"{TREES}={trees}")
    sandbox.dvc("exp", "run", "--run-all", "-j", "4")


CASES = {
    "clean repro": Case(repro_clean, 1, (Holder(None),)),
    "dirty, then committed": Case(repro_dirty_then_committed, 1, (Holder("HEAD"),)),
    "experiment in the workspace": Case(
        variant("ws", f"{TREES}=6"),
        1,
        (Holder("ws", experiment="ws"), Holder(None, experiment="ws")),
    ),
    "experiment in a temporary copy": Case(
        variant("tmp", f"{TREES}=6", mode="--temp"),
        1,
        (Holder("tmp", experiment="tmp"), Holder(None, inherits=True)),
    ),
    "queue of four": Case(
        queued, 4, tuple(Holder(f"q{n}", experiment=f"q{n}") for n in (11, 12, 13, 14))
    ),
    "variant equal to the baseline": Case(
        variant("same", f"{TREES}=5", mode="--temp"), 0, (Holder("same", inherits=True),)
    ),
    "restored from the run cache": Case(
        restored_from_the_run_cache,
        1,
        (Holder("first", experiment="first"), Holder("second", experiment="first")),
    ),
    "evaluate only": Case(
        variant("ev", "evaluate.threshold=0.7"),
        1,
        (Holder("ev", "derived", "ev"), Holder("HEAD", inherits=True)),
    ),
    "featurize only": Case(
        variant("fe", "featurize.scale=false"), 1, (Holder("fe", experiment="fe"),)
    ),
    "notes only": Case(variant("no", "experiment.notes=hello"), 0, (Holder("no", inherits=True),)),
    "train alone, then another threshold": Case(
        train_alone_then_another_threshold, 2, (Holder("later", "derived", "later"),)
    ),
    "train alone, then the rest": Case(train_alone_then_the_rest, 1, (Holder(None),)),
    "evaluate alone, beside changed parameters of train": Case(
        evaluate_alone_with_parameters_that_train_has_not_run_with, 1, (Holder(None, "derived"),)
    ),
    "forced train": Case(
        lambda sandbox: sandbox.dvc("repro", "--force", "--downstream", "train"), 1, (Holder(None),)
    ),
    "forced everything": Case(lambda s: s.dvc("repro", "--force"), 1, (Holder(None),)),
    "forced evaluate": Case(
        lambda s: s.dvc("repro", "--force", "--single-item", "evaluate"),
        0,
        (Holder(None, inherits=True),),
    ),
    "failed evaluate, then mended": Case(failed_evaluate_then_mended, 1, (Holder(None),)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_holder_names_its_run_and_no_other_run_changes(case: Case, sandbox: Sandbox) -> None:
    before, first = sandbox.runs(), sandbox.record()

    case.act(sandbox)

    after = sandbox.runs()
    assert len(after) - len(before) == case.new_runs
    assert {run_id: after[run_id] for run_id in before} == before
    for holder in case.holders:
        record = check_link(sandbox, holder.rev, after)
        assert record.relation == holder.relation
        assert record.experiment == holder.experiment
        assert (record == first) is holder.inherits
    assert not list((sandbox.root / ".wherefrom" / "runs").glob("*")), "nothing waits"
