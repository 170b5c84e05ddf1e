"""From a commit or an experiment to exactly its run: in every way that DVC can run a stage.

Each case does what a user does, in a copy of a project with one result; then exactly the runs that
it names exist, every holder's record names its run, both say the same, and no other run has changed
by a byte. What is no matter of the pipeline's own stages is done in the small project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, check_link

if TYPE_CHECKING:
    from collections.abc import Callable


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


def repro_dirty_then_committed(small: Sandbox) -> None:
    small.replace("code/train.py", "str(lr)", "repr(lr)")
    small.dvc("repro")
    small.commit("Another text, with its result")


def variant(name: str, *settings: str, mode: str = "") -> Callable[[Sandbox], object]:
    def act(sandbox: Sandbox) -> None:
        options = [option for setting in settings for option in ("-S", setting)]
        sandbox.dvc("exp", "run", *([mode] if mode else []), "-n", name, *options)

    return act


def restored_from_the_run_cache(small: Sandbox) -> None:
    variant("first", "train.lr=0.7")(small)
    small.git("checkout", "--force", "HEAD")
    small.dvc("checkout", "--force")
    variant("second", "train.lr=0.7")(small)


def train_alone_then_another_threshold(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.8")
    small.dvc("repro", "train")
    variant("later", "evaluate.threshold=0.7")(small)


def train_alone_then_the_rest(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.8")
    small.dvc("repro", "train")
    small.dvc("repro")


def failed_evaluate_then_mended(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.9")
    small.replace(
        "code/evaluate.py",
        "        score = ",
        "        raise RuntimeError('broken')\n        score = ",
    )
    assert small.process("dvc", "repro").returncode != 0
    small.replace("code/evaluate.py", "        raise RuntimeError('broken')\n", "")
    small.dvc("repro")


def evaluate_alone_with_parameters_that_train_has_not_run_with(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.7")
    small.replace("params.yaml", "threshold: 0.5", "threshold: 0.7")
    small.dvc("repro", "--single-item", "evaluate")


def queued(small: Sandbox) -> None:
    for number in (1, 2):
        small.dvc("exp", "run", "--queue", "-n", f"q{number}", "-S", f"train.lr=0.{number + 1}")
    small.dvc("exp", "run", "--run-all", "-j", "2")


REPRO = Case(repro_clean, 1, (Holder(None),))  # in a workspace: as in the small project
OF_THE_PIPELINE = {
    "variant equal to the baseline": Case(
        variant("same", "train.random_forest.n_estimators=5", mode="--temp"),
        0,
        (Holder("same", inherits=True),),
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
}
OF_ANY_STAGES = {
    "dirty, then committed": Case(repro_dirty_then_committed, 1, (Holder("HEAD"),)),
    "experiment in the workspace": Case(
        variant("ws", "train.lr=0.6"),
        1,
        (Holder("ws", experiment="ws"), Holder(None, experiment="ws")),
    ),
    "experiment in a temporary copy": Case(
        variant("tmp", "train.lr=0.6", mode="--temp"),
        1,
        (Holder("tmp", experiment="tmp"), Holder(None, inherits=True)),
    ),
    "queue of two": Case(queued, 2, tuple(Holder(f"q{n}", experiment=f"q{n}") for n in (1, 2))),
    "restored from the run cache": Case(
        restored_from_the_run_cache,
        1,
        (Holder("first", experiment="first"), Holder("second", experiment="first")),
    ),
    "train alone, then another threshold": Case(
        train_alone_then_another_threshold, 2, (Holder("later", "derived", "later"),)
    ),
    "train alone, then the rest": Case(train_alone_then_the_rest, 1, (Holder(None),)),
    "evaluate alone, beside changed parameters of train": Case(
        evaluate_alone_with_parameters_that_train_has_not_run_with, 1, (Holder(None, "derived"),)
    ),
    "forced train": Case(
        lambda small: small.dvc("repro", "--force", "--downstream", "train"), 1, (Holder(None),)
    ),
    "forced everything": Case(lambda small: small.dvc("repro", "--force"), 1, (Holder(None),)),
    "forced evaluate": Case(
        lambda small: small.dvc("repro", "--force", "--single-item", "evaluate"),
        0,
        (Holder(None, inherits=True),),
    ),
    "failed evaluate, then mended": Case(failed_evaluate_then_mended, 1, (Holder(None),)),
}


@pytest.mark.parametrize("case", OF_ANY_STAGES.values(), ids=OF_ANY_STAGES.keys())
def test_every_holder_names_its_run_and_no_other_run_changes(case: Case, small: Sandbox) -> None:
    check(case, small)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(REPRO, id="clean repro", marks=pytest.mark.thorough),
        *(pytest.param(case, id=name) for name, case in OF_THE_PIPELINE.items()),
    ],
)
def test_every_holder_of_the_pipelines_results_names_its_run(case: Case, sandbox: Sandbox) -> None:
    check(case, sandbox)


def check(case: Case, sandbox: Sandbox) -> None:
    """Do what a case does, and look at all runs and holders."""
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
