"""A study of Optuna in a SQLite file: what its samplers suggest, and what came of it.

The file is Optuna's own: `optuna.load_study` and `optuna-dashboard` read it without this package.
"""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from wherefrom.errors.sweeps import SweepError
from wherefrom.sources.local_store import first_use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SAMPLERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tpe": ("TPESampler", ()),
    "gp": ("GPSampler", ("scipy", "torch")),
    "cmaes": ("CmaEsSampler", ("cmaes",)),
    "qmc": ("QMCSampler", ("scipy",)),
    "nsgaii": ("NSGAIISampler", ()),
    "random": ("RandomSampler", ()),
}
"""Names of samplers: their classes in `optuna.samplers`, and the packages that these need."""

PRUNERS: Mapping[str, str] = {
    "median": "MedianPruner",
    "hyperband": "HyperbandPruner",
    "successive_halving": "SuccessiveHalvingPruner",
    "none": "NopPruner",
}
"""Names of pruners: their classes in `optuna.pruners`."""

Value = str | int | float


class _Connection(sqlite3.Connection):
    """A connection that does not wait for the disk at each of a trial's ten commits.

    Nothing is damaged by a power cut; the last trials of the study may be missing, which DVC has.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")


@dataclass(frozen=True)
class Settings:
    """How a study chooses and stops trials; names are those of `SAMPLERS` and `PRUNERS`."""

    sampler: str = "tpe"
    pruner: str = "none"
    direction: Literal["minimize", "maximize"] = "maximize"
    seed: int = 0


@dataclass(frozen=True)
class Categories:
    """A parameter with values that have no order."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """A parameter from `low` to `high`, whole where both are; `step` None: whatever lies between.

    A `log` one has no step.
    """

    low: int | float
    high: int | float
    step: int | float | None = None
    log: bool = False


@dataclass(frozen=True)
class Suggestion:
    """What Optuna suggests for each parameter, by name, and the number of the trial."""

    number: int
    values: Mapping[str, Value]


class Study:
    """A study that this process alone asks and tells; several trials may be out at once."""

    def __init__(self, study: Any, distributions: Mapping[str, Any], path: Path) -> None:  # noqa: ANN401
        self._study = study
        self._distributions = dict(distributions)
        self._path = path
        self._out: dict[int, Any] = {}

    def past(self) -> tuple[Suggestion, ...]:
        """List the trials that finished or were pruned."""
        with _converted(self._path):
            return tuple(Suggestion(t.number, t.params) for t in _ended(self._study))

    def ask(self) -> Suggestion:
        """Begin a trial."""
        with _converted(self._path):
            trial = self._study.ask(self._distributions)
        self._out[trial.number] = trial
        return Suggestion(trial.number, trial.params)

    def should_prune(self, number: int, step: int, value: float) -> bool:
        """Report the objective so far, once a step; whether the pruner would stop the trial."""
        with _converted(self._path):
            self._out[number].report(value, step)
            return bool(self._out[number].should_prune())

    def tell(
        self,
        number: int,
        value: float | None,
        *,
        pruned: bool = False,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """End a trial: with an objective, None where it failed or was `pruned`."""
        states = _optuna().trial.TrialState
        state = states.COMPLETE
        if value is None:
            state = states.PRUNED if pruned else states.FAIL
        trial = self._out.pop(number)
        with _converted(self._path):
            for name, said in (attributes or {}).items():
                trial.set_user_attr(name, said)
            self._study.tell(trial, value, state=state)


def open_study(
    path: Path,
    parameters: Mapping[str, Categories | Numbers],
    *,
    name: str,
    settings: Settings,
    state: Path,
    resume: bool = False,
) -> Study:
    """Begin a study in a file, or go on with it; `state` holds the lock under which it is made.

    Trials that a process left running are failed then: only one process may have a study. Raises
    `SweepError` where a package is missing, the file cannot be used, there is a study of this name
    already, or it is one of something else.
    """
    require(settings.sampler)
    optuna = _optuna()
    with _converted(path):
        study = _study(path, name, settings, state, resume=resume)
        # one that goes on with the seed of its beginning would draw the same numbers again
        seed = (settings.seed + len(study.get_trials(deepcopy=False))) % 2**32  # NumPy's
        with warnings.catch_warnings(action="ignore"):  # some are experimental to Optuna
            study.sampler = getattr(optuna.samplers, SAMPLERS[settings.sampler][0])(seed=seed)
        study.pruner = getattr(optuna.pruners, PRUNERS[settings.pruner])()
        distributions = {key: _distribution(kind) for key, kind in parameters.items()}
        _check(study, name, settings, distributions)
        _fail_running(study)
    return Study(study, distributions, path)


@cache
def _optuna() -> Any:  # noqa: ANN401
    """Import Optuna, which takes half a second, and keep it from writing to stderr."""
    import optuna  # noqa: PLC0415, TID251

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    return optuna


def require(sampler: str) -> None:
    """Refuse a sampler whose packages are not here. Raises `SweepError`."""
    missing = [package for package in SAMPLERS[sampler][1] if find_spec(package) is None]
    if missing:
        packages = " ".join(missing)
        remedy = f"`pip install {packages}`, or take another one, such as `--sampler tpe`"
        raise SweepError(f"the sampler {sampler} needs {packages}, not installed here", remedy)


def _study(path: Path, name: str, settings: Settings, state: Path, *, resume: bool) -> Any:  # noqa: ANN401
    optuna = _optuna()
    url = f"sqlite:///{path}".replace("{", "{{").replace("}", "}}")  # Optuna takes a template
    connect = {"timeout": 60, "factory": _Connection}
    with first_use(state), _converted(path, RuntimeError):  # of a schema that is not its own
        storage = optuna.storages.RDBStorage(url, {"connect_args": connect})
    if not resume:
        _forget_begun(storage, name)
    try:
        return optuna.create_study(
            storage=storage, study_name=name, direction=settings.direction, load_if_exists=resume
        )
    except optuna.exceptions.DuplicatedStudyError as error:
        remedy = "go on with it by `--resume`, or give another name with `--name`"
        raise SweepError(f"there is a study {name} in {path.name} already", remedy) from error


def _forget_begun(storage: Any, name: str) -> None:  # noqa: ANN401
    """Forget a study of which no trial has ended: its sweep was refused, and left nothing."""
    optuna = _optuna()
    known = optuna.study.get_all_study_names(storage=storage)
    if name in known and not _ended(optuna.load_study(study_name=name, storage=storage)):
        optuna.delete_study(study_name=name, storage=storage)


def _check(study: Any, name: str, settings: Settings, distributions: Mapping[str, Any]) -> None:  # noqa: ANN401
    """See that a study that goes on is of the same parameters and the same direction."""
    compatible = _optuna().distributions.check_distribution_compatibility
    remedy = "resume it as it was begun, or begin another one with `--name`"
    direction = study.direction.name.lower()
    if direction != settings.direction:
        raise SweepError(f"the study {name} was begun to {direction}", remedy)
    for trial in _ended(study):
        if set(trial.distributions) != set(distributions):
            known = ", ".join(sorted(trial.distributions)) or "none"
            raise SweepError(f"the study {name} was begun with other parameters: {known}", remedy)
        for key, known in trial.distributions.items():
            try:
                compatible(known, distributions[key])
            except ValueError as error:
                what = f"the study {name} was begun with other values of {key}: {known}"
                raise SweepError(what, remedy) from error


def _fail_running(study: Any) -> None:  # noqa: ANN401
    states = _optuna().trial.TrialState
    for trial in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(trial.number, state=states.FAIL)


def _ended(study: Any) -> Sequence[Any]:  # noqa: ANN401
    states = _optuna().trial.TrialState
    ended = (states.COMPLETE, states.PRUNED)
    found: Sequence[Any] = study.get_trials(deepcopy=False, states=ended)
    return found


def _distribution(kind: Categories | Numbers) -> Any:  # noqa: ANN401
    distributions = _optuna().distributions
    if isinstance(kind, Categories):
        return distributions.CategoricalDistribution(kind.texts)
    if isinstance(kind.low, int) and isinstance(kind.high, int):
        make = partial(distributions.IntDistribution, log=kind.log)
        return make(kind.low, kind.high, step=kind.step or 1)
    if kind.step is None:
        return distributions.FloatDistribution(kind.low, kind.high, log=kind.log)
    beyond = kind.high + kind.step / 2  # Optuna takes the last step before it: no digit decides
    with warnings.catch_warnings(action="ignore"):
        return distributions.FloatDistribution(kind.low, beyond, step=kind.step)


@contextmanager
def _converted(path: Path, *more: type[Exception]) -> Iterator[None]:
    """Turn what Optuna raises for a file that it cannot use into the user's error."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        yield
    except (_optuna().exceptions.StorageInternalError, SQLAlchemyError, *more) as error:
        why = str(error).partition("\n")[0]
        remedy = "see that it can be written, and that Optuna is the version that made it"
        raise SweepError(f"{path.name} cannot be used: {why}", remedy) from error
