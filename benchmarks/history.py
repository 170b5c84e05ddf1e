"""A generated history: one commit, and DVC experiments of it, as DVC itself would leave them.

DVC takes ten seconds for one of them, this a millisecond. The project and its first result are
real; each experiment is a commit with a ref, written by `git fast-import`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from itertools import islice
from typing import TYPE_CHECKING

import experiments
from baseline import CV, LOCK, METRICS, READ, Baseline
from measure import IDENTITY, clone, copy, run

from wherefrom.identity import CommitSha
from wherefrom.lockfile import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from experiments import Experiment, Result

_BATCH = 250
_AUTHOR = "bench <bench@localhost>"


def generate(root: Path, count: int, start: Path | None = None) -> list[Result]:
    """Make a project with one baseline commit and `count` experiments of it.

    `start` is a project as `measure.clone` makes it, to be copied; without it one is made. The
    store has the run of the first result alone: `runs.fill` gives the others theirs.
    """
    if start is None:
        clone(root)
    else:
        copy(start, root)
    _trim(root, before=experiments.APART * (count + 1))
    return _add(root, range(1, count + 1))


def add_one(root: Path) -> Result:
    """Add one more experiment to a generated history."""
    refs = _git(root, "for-each-ref", "--format=%(refname)", _namespace(_baseline(root)))
    return _add(root, [len(refs.splitlines()) + 1])[0]


def _trim(root: Path, before: int) -> None:
    """Leave ten metrics to the first result, and date its commit back, before the experiments."""
    metrics: dict[str, float] = {}
    for path in (CV, METRICS):
        metrics |= flatten(json.loads((root / path).read_text()))
    for path, text in experiments.trimmed((root / LOCK).read_text(), metrics).items():
        (root / path).write_text(text)
    date = f"@{int(time.time()) - before} +0000"
    amend = ("commit", "--quiet", "--all", "--amend", "--no-edit", "--date", date)
    run(root, "git", *IDENTITY, *amend, GIT_COMMITTER_DATE=date)


def _baseline(root: Path) -> Baseline:
    sha, committed = _git(root, "show", "--no-patch", "--format=%H %ct", "HEAD").split()
    texts = {path: (root / path).read_text() for path in READ}
    return Baseline(CommitSha(sha), int(committed), texts)


def _namespace(baseline: Baseline) -> str:
    return f"refs/exps/{baseline.commit[:2]}/{baseline.commit[2:]}"


def _add(root: Path, numbers: Iterable[int]) -> list[Result]:
    """Commit the experiments of these numbers. Git itself writes objects and refs."""
    baseline = _baseline(root)
    results: list[Result] = []
    command = ["git", "fast-import", "--quiet"]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE) as importer:
        if importer.stdin is None:
            raise LookupError("git takes no commands")
        for batch in _batches(numbers):
            made = [experiments.make(baseline, number) for number in batch]
            experiments.check(made[0])
            importer.stdin.write(b"".join(_commands(baseline, made)))
            results += [experiment.result for experiment in made]
    if importer.returncode:
        raise subprocess.CalledProcessError(importer.returncode, importer.args)
    return results


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _commands(baseline: Baseline, made: list[Experiment]) -> Iterator[bytes]:
    """Give fast-import its commands: first the texts, then the commits.

    The texts come path by path, since git keeps each as its difference from the one before.
    """
    paths = sorted(made[0].texts)
    for column, path in enumerate(paths):
        for row, experiment in enumerate(made):
            yield b"blob\nmark :%d\n" % (row * len(paths) + column + 1)
            yield _data(experiment.texts[path])
    for row, experiment in enumerate(made):
        when = f"{_AUTHOR} {experiment.committed} +0000"
        digest = hashlib.sha256(experiment.name.encode()).hexdigest()
        yield f"commit {_namespace(baseline)}/{experiment.name}\n".encode()
        yield f"author {when}\ncommitter {when}\n".encode()
        yield _data(f"dvc: commit experiment {digest}")
        yield f"from {baseline.commit}\n".encode()
        for column, path in enumerate(paths):
            yield f"M 100644 :{row * len(paths) + column + 1} {path}\n".encode()


def _data(text: str) -> bytes:
    body = text.encode()
    return b"data %d\n%s\n" % (len(body), body)


def _git(root: Path, *args: str) -> str:
    command = ["git", *args]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
