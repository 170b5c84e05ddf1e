"""Sweeps that Optuna guides, with the real one and its file."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Any

import optuna  # noqa: TID251 - what reads the file afterwards
import pytest

from wherefrom.errors.sweeps import SpaceError, SweepError
from wherefrom.sources.optuna_study import PRUNERS, SAMPLERS, Settings
from wherefrom.sweeping.guided import StudySampler
from wherefrom.sweeping.samplers import FAILED, PRUNED, Outcome, Sampler, Trial
from wherefrom.sweeping.space import Space, grid, parse

if TYPE_CHECKING:
    from pathlib import Path

HERE = [name for name, (_, packages) in SAMPLERS.items() if all(map(find_spec, packages))]
MIXED = parse(
    [
        "model=forest,'a b',null,true,[1,2]",
        "conf.toml:depth=range(9,1,-2)",
        "share=range(0.1,1,0.1)",
        "leaves=tag(log,int(interval(1,500)))",
        "rate=tag(log,interval(1e-5,1))",
        "c=interval(-2,2)",
        "fixed=1",
    ]
)
PEAK = parse(["x=interval(-10,10)", "k=a,b"])


def study(
    folder: Path, space: Space, trials: int, name: str = "s", *, resume: bool = False, **how: Any
) -> StudySampler:
    path, state = folder / "optuna.db", folder / ".wherefrom"
    settings = Settings(**how)
    return StudySampler.of_file(
        space, trials, path, name=name, settings=settings, state=state, resume=resume
    )


def stored(folder: Path, name: str = "s") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=f"sqlite:///{folder / 'optuna.db'}")


def value(trial: Trial) -> float:
    """Give what there is to maximize: at x = 3 and k = b it is 0."""
    values = trial.variant.values
    return -((float(values["x"] or 0) - 3) ** 2) - (values.get("k") == "a")


def run(sampler: Sampler) -> list[Trial]:
    """Run all, one after the other."""
    trials = []
    while trial := sampler.ask():
        sampler.tell(trial, Outcome.finished(value(trial)))
        trials.append(trial)
    return trials


@pytest.mark.parametrize("name", HERE)
def test_every_sampler_suggests_what_the_space_holds_and_no_more_than_is_wanted(
    tmp_path: Path, name: str
) -> None:
    sampler = study(tmp_path, MIXED, 12, sampler=name, seed=1)
    found: dict[str, set[Any]] = {axis.name: set() for axis in MIXED.axes}
    for number in range(12):
        trial = sampler.ask()
        assert trial is not None
        assert trial.number == number
        assert ("params.yaml", "fixed=1") in trial.variant.overrides
        for key, one in trial.variant.values.items():
            found[key].add(one)
        sampler.tell(trial, Outcome.finished(float(trial.variant.values["c"] or 0)))
    assert sampler.ask() is None
    assert found["model"] <= {"forest", "a b", None, True, "[1,2]"}
    assert found["conf.toml:depth"] <= {9, 7, 5, 3}
    allowed = {variant.values["share"] for variant in grid(parse(["share=range(0.1,1,0.1)"]))}
    assert found["share"] <= allowed
    assert all(type(n) is int and 1 <= n <= 500 for n in found["leaves"])
    assert all(1e-5 <= n <= 1 for n in found["rate"])
    assert all(-2 <= n <= 2 for n in found["c"])


def test_both_ends_of_a_range_are_suggested(tmp_path: Path) -> None:
    given = ["a=range(0,1,0.3)", "b=range(5,1,-1)", "c=range(7,8)", "d=range(0.3,0.4)"]
    sampler = study(tmp_path, parse(given), 300, sampler="random")
    found: dict[str, set[Any]] = {}
    while trial := sampler.ask():
        for key, one in trial.variant.values.items():
            found.setdefault(key, set()).add(one)
        if len(found["a"]) == 4 and len(found["b"]) == 4:
            break
    of_grid = [variant.values for variant in grid(parse(given))]
    assert found == {key: {values[key] for values in of_grid} for key in found}


def test_optuna_reads_the_study_by_itself_with_values_steps_and_attributes(tmp_path: Path) -> None:
    sampler = study(tmp_path, MIXED, 3, sampler="tpe", pruner="median", direction="minimize")
    done, stopped, broken = (sampler.ask() for _ in range(3))
    assert done
    assert stopped
    assert broken
    assert not sampler.should_prune(done, 0, 0.25)
    assert not sampler.should_prune(done, 1, 0.5)
    sampler.should_prune(stopped, 0, 0.75)
    sampler.tell(broken, FAILED)
    sampler.tell(stopped, PRUNED, {"mlflow_run_id": "b"})
    sampler.tell(done, Outcome.finished(0.5), {"experiment": "quiet-owl", "record_id": "c"})

    found = stored(tmp_path)
    assert found.direction.name == "MINIMIZE"
    first, second, third = found.trials
    assert (first.state.name, second.state.name, third.state.name) == ("COMPLETE", "PRUNED", "FAIL")
    assert first.intermediate_values == {0: 0.25, 1: 0.5}
    assert second.value == 0.75
    assert first.user_attrs == {"experiment": "quiet-owl", "record_id": "c"}
    assert second.user_attrs == {"mlflow_run_id": "b"}
    assert found.best_value == 0.5
    assert first.params["rate"] == done.variant.values["rate"]
    model = first.params["model"]
    assert ("params.yaml", f"model={model}") in done.variant.overrides


def test_tpe_learns_from_what_it_is_told_with_several_trials_out_at_once(tmp_path: Path) -> None:
    sampler = study(tmp_path, PEAK, 40, seed=3)
    for _ in range(10):
        out = [trial for _ in range(4) if (trial := sampler.ask())]
        assert len({trial.variant for trial in out}) == 4
        for trial in reversed(out):
            sampler.tell(trial, Outcome.finished(value(trial)))
    scores = [trial.value for trial in stored(tmp_path).trials]
    assert median(scores[20:]) > -8  # half of random ones are below -12


@pytest.mark.parametrize("name", HERE)
def test_the_same_seed_suggests_the_same(tmp_path: Path, name: str) -> None:
    first, again = (
        [t.variant for t in run(study(tmp_path / folder, PEAK, 13, sampler=name, seed=4))]
        for folder in ("a", "b")
        if (tmp_path / folder).mkdir() is None
    )
    assert first == again


@pytest.mark.parametrize("seed", [-1, 2**32, 10**20])
def test_any_whole_number_is_a_seed(tmp_path: Path, seed: int) -> None:
    assert len(run(study(tmp_path, PEAK, 2, seed=seed))) == 2


def test_a_minimum_is_looked_for_where_that_is_asked_for(tmp_path: Path) -> None:
    sampler = study(tmp_path, PEAK, 30, direction="minimize", seed=1)
    while trial := sampler.ask():
        sampler.tell(trial, Outcome.finished(-value(trial)))
    assert stored(tmp_path).best_value < 1


@pytest.mark.parametrize("pruner", PRUNERS)
def test_a_pruner_stops_what_is_worse_and_none_stops_nothing(tmp_path: Path, pruner: str) -> None:
    sampler = study(tmp_path, PEAK, 15, sampler="random", pruner=pruner)
    pruned = 0
    for number in range(15):
        trial = sampler.ask()
        assert trial
        quality = -number % 7
        stop = any(sampler.should_prune(trial, fold, quality - fold / 10) for fold in range(5))
        pruned += stop
        sampler.tell(trial, PRUNED if stop else Outcome.finished(quality))
    assert (pruned > 0) == (pruner != "none")
    states = [trial.state.name for trial in stored(tmp_path).trials]
    assert states.count("PRUNED") == pruned


def test_a_study_goes_on_with_what_is_left_and_fails_what_a_killed_process_left(
    tmp_path: Path,
) -> None:
    first = study(tmp_path, PEAK, 10)
    begun = [trial for _ in range(6) if (trial := first.ask())]
    for trial in begun[:3]:
        first.tell(trial, Outcome.finished(value(trial)))
    first.tell(begun[3], FAILED)  # and two are left running

    rest = run(study(tmp_path, PEAK, 10, resume=True))

    assert [trial.number for trial in rest] == [6, 7, 8, 9, 10, 11, 12]
    states = [trial.state.name for trial in stored(tmp_path).trials]
    assert states == ["COMPLETE"] * 3 + ["FAIL"] * 3 + ["COMPLETE"] * 7
    assert not {trial.variant for trial in rest} & {trial.variant for trial in begun}
    assert run(study(tmp_path, PEAK, 10, resume=True)) == []


def test_a_study_ends_when_every_variant_was_suggested(tmp_path: Path) -> None:
    space = parse(["x=1,2,2", "k=int(interval(1,2))"])
    assert len({trial.variant for trial in run(study(tmp_path, space, 1000))}) == 4
    assert run(study(tmp_path, space, 1000, resume=True)) == []


def test_a_study_of_which_nothing_came_leaves_its_name_free(tmp_path: Path) -> None:
    refused = study(tmp_path, PEAK, 2)
    refused.tell(refused.ask(), FAILED)

    run(study(tmp_path, parse(["x=1,2"]), 2, direction="minimize"))

    assert [trial.state.name for trial in stored(tmp_path).trials] == ["COMPLETE"] * 2


def test_studies_of_several_sweeps_share_a_file_and_a_name_is_taken_once(tmp_path: Path) -> None:
    run(study(tmp_path, PEAK, 2, "first"))
    run(study(tmp_path, parse(["x=1,2"]), 2, "second", direction="minimize"))
    with pytest.raises(SweepError, match=r"a study first in optuna\.db already") as refused:
        study(tmp_path, PEAK, 2, "first")
    assert "--resume" in refused.value.hint
    assert len(stored(tmp_path, "first").trials) == 2


@pytest.mark.parametrize(
    ("space", "how", "why"),
    [
        (PEAK, {"direction": "minimize"}, "begun to maximize"),
        (parse(["x=interval(-10,10)"]), {}, "other parameters: k, x"),
        (parse(["x=interval(-10,10)", "k=a,b,c"]), {}, "other values of k"),
        (parse(["x=range(10)", "k=a,b"]), {}, "other values of x"),
    ],
    ids=["direction", "parameters", "choices", "kind"],
)
def test_a_study_of_something_else_does_not_go_on(
    tmp_path: Path, space: Space, how: dict[str, Any], why: str
) -> None:
    run(study(tmp_path, PEAK, 2))
    with pytest.raises(SweepError, match=why) as refused:
        study(tmp_path, space, 4, resume=True, **how)
    assert refused.value.exit_code == 2
    assert len(stored(tmp_path).trials) == 2


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - set(HERE)))
def test_a_sampler_whose_package_is_missing_names_it(tmp_path: Path, sampler: str) -> None:
    package = SAMPLERS[sampler][1][-1]
    with pytest.raises(SweepError, match=f"{sampler} needs {package}") as refused:
        study(tmp_path, PEAK, 2, sampler=sampler)
    assert f"pip install {package}" in refused.value.hint
    assert not (tmp_path / "optuna.db").exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "optuna.db").write_text("nothing of the kind\n" * 100)
    with pytest.raises(SweepError, match=r"optuna\.db cannot be used: .*not a database"):
        study(tmp_path, PEAK, 2)


def test_a_file_of_another_version_of_optuna_is_named_with_what_to_do(tmp_path: Path) -> None:
    run(study(tmp_path, PEAK, 1))
    database = sqlite3.connect(tmp_path / "optuna.db")
    with database:
        database.execute("UPDATE alembic_version SET version_num = 'v99'")
    database.close()
    with pytest.raises(SweepError, match=r"optuna\.db cannot be used: .*compatible") as refused:
        study(tmp_path, PEAK, 2, resume=True)
    assert "Optuna is the version that made it" in refused.value.hint


def test_a_folder_with_odd_characters_in_its_name_has_its_study(tmp_path: Path) -> None:
    folder = tmp_path / "50% {of} it's"
    folder.mkdir()
    run(study(folder, PEAK, 2))
    assert [path.name for path in folder.glob("*.db")] == ["optuna.db"]


def test_a_logarithmic_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="logarithmic"):
        study(tmp_path, parse(["a=tag(log,range(1,9))"]), 2)


def test_an_objective_that_is_not_finite_fails_its_trial(tmp_path: Path) -> None:
    sampler = study(tmp_path, PEAK, 1)
    trial = sampler.ask()
    assert trial
    sampler.tell(trial, Outcome.finished(math.nan))
    assert [trial.state.name for trial in stored(tmp_path).trials] == ["FAIL"]


WHOLE = """
import sys
from pathlib import Path
from wherefrom.sources.optuna_study import Settings
from wherefrom.sweeping.guided import StudySampler
from wherefrom.sweeping.samplers import Outcome, GridSampler
from wherefrom.sweeping.space import parse

space = parse(["a=1,2"])
assert GridSampler(space).ask()
assert "optuna" not in sys.modules
path, state = Path(sys.argv[1], "optuna.db"), Path(sys.argv[1], ".wherefrom")
for sampler in sys.argv[2:]:
    settings = Settings(sampler)
    made = StudySampler.of_file(space, 5, path, name=sampler, settings=settings, state=state)
    while trial := made.ask():
        made.tell(trial, Outcome.finished(1))
"""


def test_optuna_says_nothing_and_a_grid_does_not_import_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WHOLE, str(tmp_path), "qmc", "tpe", "nsgaii"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_two_processes_that_make_the_file_at_once_both_have_their_study(tmp_path: Path) -> None:
    names = ("tpe", "random")
    started = [
        subprocess.Popen([sys.executable, "-c", WHOLE, str(tmp_path), name], stderr=subprocess.PIPE)
        for name in names
    ]
    assert [process.communicate()[1] for process in started] == [b"", b""]
    assert all(len(stored(tmp_path, name).trials) >= 2 for name in names)
