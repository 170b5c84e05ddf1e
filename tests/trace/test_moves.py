"""From an experiment or a commit to exactly its run, and back, however DVC and git moved them.

Each case does what a user does, in a copy of a project whose queue has run four experiments. Then
every holder of a result leads to its run; every address of the run leads back to that result, its
experiments and its commit; and `ls` has every run of the store once, as held or as held by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import moves
import pytest

from asking import UNHELD, check_unheld, held_runs, listed, loose_runs, trace
from join.small_project import RESULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asking import Answer
    from sandbox import RunView, Sandbox

MODEL = "model.txt"
NO_RUN = "is not in MLflow"
NEW = "the runs that the case makes"


@dataclass(frozen=True)
class Held:
    """A result, by who made it: the revision or experiment that is named where none is asked for.

    `by` maps its holders to their relation. `also` are addresses that it has alone, beside its ids;
    `model` says whether the hash of its model is one.
    """

    made_in: str
    by: Mapping[str, str]
    experiments: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    model: bool = True
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """What a user does, which results are held how then, and the names of runs that none holds."""

    act: Callable[[Sandbox], Sandbox]
    results: tuple[Held, ...]
    loose: tuple[str, ...] = ()


FIRST = Held(
    "main", {"main": "own", "same": "inherited"}, ("same",), ("test.score=0.6",), model=False
)
ALPHA = Held("alpha", {"alpha": "own"}, ("alpha",), ("alpha", "test.score=0.7"))
BETA = Held("beta", {"beta": "own"}, ("beta",), ("beta", "cv.score=0.3"))
TUNED = Held("tuned", {"tuned": "derived"}, ("tuned",), ("tuned", "test.score=0.85"), model=False)
OMEGA = Held("omega", {"omega": "own"}, ("omega",), ("alpha", "test.score=0.7"))


def alpha_on(revision: str, relation: str = "own") -> Held:
    """Say that a commit alone holds what alpha made."""
    return Held(revision, {revision: relation}, (), ("alpha", "test.score=0.7"))


def alpha_and(holders: Mapping[str, str], *experiments: str, model: bool = True) -> Held:
    """Say that others hold what alpha made, beside it."""
    by = {"alpha": "own", **holders}
    return Held("alpha", by, ("alpha", *experiments), ALPHA.also, model)


def beta_on(revision: str) -> Held:
    return Held(revision, {revision: "own"}, (), ("beta", "cv.score=0.3"))


def with_gaps(result: Held, *gaps: str) -> Held:
    """Say what cannot be told of a result."""
    return replace(result, gaps=gaps)


CASES = {
    "queue of four": Case(moves.nothing, (ALPHA, BETA, TUNED)),
    "variant equal to the baseline": Case(moves.nothing, (FIRST,)),
    "restored from the run cache": Case(
        moves.restored_by_another, (alpha_and({"again": "inherited"}, "again"),)
    ),
    "killed queue worker": Case(moves.worker_killed, (ALPHA,), loose=(NEW,)),
    "exp apply, then commit": Case(moves.applied_and_committed, (alpha_and({"main": "own"}),)),
    "exp branch": Case(moves.branched, (alpha_and({"topic": "own"}),)),
    "exp branch, then exp remove": Case(moves.branched_and_removed, (alpha_on("topic"),)),
    "exp rename": Case(
        moves.renamed,
        (with_gaps(OMEGA, "made in the experiment alpha"),),
    ),
    "exp remove": Case(moves.removed_alone, (BETA,), loose=("alpha",)),
    "exp save": Case(
        moves.saved,
        (Held("saved", {"saved": "derived"}, ("saved",), ("test.score=1.0",), model=False),),
    ),
    "exp push, then exp pull": Case(
        moves.pushed_and_pulled,
        (with_gaps(ALPHA, NO_RUN), with_gaps(TUNED, NO_RUN)),
    ),
    "rebase": Case(
        moves.rebased,
        (
            alpha_on("topic"),
            Held("main~1", {"main~1": "own", "main": "inherited"}, ("same",), model=False),
        ),
    ),
    "squash": Case(moves.squashed, (beta_on("main"),), loose=("alpha",)),
    "commit --amend": Case(moves.amended, (beta_on("topic"),), loose=("alpha",)),
    "merge of two that ran, one side taken": Case(
        moves.merged_with_one_side,
        (
            alpha_and({"a": "own", "b": "inherited"}),
            Held("beta", {"beta": "own", "b~1": "own"}, ("beta",), BETA.also),
        ),
    ),
    "merge of two that ran, run again": Case(
        moves.merged_and_run_again,
        (
            alpha_and({"a~1": "own"}, model=False),
            Held(
                "tuned", {"tuned": "derived", "b": "derived"}, ("tuned",), TUNED.also, model=False
            ),
            Held("a", {"a": "derived"}, (), ("test.score=0.95",), model=False),
        ),
    ),
    "shallow clone": Case(moves.cloned_shallow, (with_gaps(alpha_on("HEAD"), "is shallow"),)),
    "detached HEAD": Case(moves.on_a_detached_head, (alpha_on("HEAD"),)),
    "lock without the hashes' names": Case(
        moves.relocked(moves.without_hash_names), (alpha_on("main"),)
    ),
    "lock of schema 1.0": Case(moves.relocked(moves.of_schema_1), (alpha_on("main"),)),
    "ended by a signal": Case(moves.ended_by_a_signal, (FIRST,), loose=(NEW,)),
    "never committed": Case(moves.never_committed, (FIRST,), loose=(NEW,)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_holder_leads_to_its_run_and_every_run_back_to_its_holders(
    case: Case, traced: Sandbox
) -> None:
    before = set(traced.runs())

    here = case.act(traced)

    runs = traced.runs()
    for result in case.results:
        answers = check_from_holders(here, runs, result)
        check_from_run(here, result, answers)
    if here is traced:
        check_list(here, runs, {run_id for run_id in runs if is_loose(runs[run_id], case, before)})


def check_from_holders(
    here: Sandbox, runs: Mapping[str, RunView], result: Held
) -> dict[str, Answer]:
    """Check that every holder of a result leads to its record and to the one run that bears it."""
    answers = {holder: trace(here, holder) for holder in result.by}
    record_id = here.record(result.made_in, RESULT).record_id
    (run_id,) = [run.run_id for run in runs.values() if run.record_id == record_id]
    for holder, relation in result.by.items():
        answer = answers[holder]
        sha = here.git("rev-parse", f"{here.revision(holder)}^{{commit}}").strip()
        assert answer.run["id"] == (None if NO_RUN in result.gaps else run_id), holder
        assert answer.run["record_id"] == answer.found["result"]["key"] == record_id, holder
        assert answer.run["relation"] == relation, holder
        assert sorted(answer.found["experiments"]) == sorted(result.experiments), holder
        assert (answer.found["commit"]["sha"], answer.held_by) == (sha, sha), holder
        assert bool(answer.gaps) == bool(result.gaps), answer.gaps
        assert all(any(part in gap for part in result.gaps) for gap in answer.gaps), answer.gaps
        assert answer.status == bool(result.gaps), holder
    return answers


def check_from_run(here: Sandbox, result: Held, answers: Mapping[str, Answer]) -> None:
    """Check that every address of a run leads to the same answer, to the last word."""
    record, told = here.record(result.made_in, RESULT), answers[result.made_in]
    model = next(out.hash for out in here.lock(result.made_in)["train"].outs if out.path == MODEL)
    addresses = {record.record_id[:12], str(record.mlflow_run_id), record.run_name, *result.also}
    addresses |= {str(model)} if result.model else set()
    for address in sorted(addresses - {result.made_in}):
        assert trace(here, address) == told, address


def is_loose(run: RunView, case: Case, before: set[str]) -> bool:
    return run.name in case.loose or (NEW in case.loose and run.run_id not in before)


def check_list(here: Sandbox, runs: Mapping[str, Any], loose: set[str]) -> None:
    """Check that every run is in the list once, and what nothing holds is told as that."""
    entries = listed(here)
    assert loose_runs(entries) == loose
    assert held_runs(entries) == set(runs) - loose
    for run_id in loose:
        check_unheld(here, run_id)


def test_what_is_removed_is_found_by_its_name_as_held_by_nothing(traced: Sandbox) -> None:
    moves.removed_alone(traced)

    answer = trace(traced, "alpha")

    assert (answer.status, answer.gaps) == (1, [UNHELD])
    assert answer.run["name"] == "alpha"
    assert (answer.held_by, answer.found["experiments"]) == (None, [])
