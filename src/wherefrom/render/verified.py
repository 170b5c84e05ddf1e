"""Whether results can be had: one screen, problems grouped by what has to be mended; JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wherefrom.commands.verify import Verification
    from wherefrom.problems import Problem
    from wherefrom.verification.collect import Verified

_SHOWN = 3


def verification(found: Verification) -> str:
    """Say how many results can be had, and what the others lack: each cause once."""
    whole = sum(not result.problems for result in found.results)
    asked = ", as far as could be asked" if found.gaps else ""
    lines = [f"{whole} of {len(found.results)} results can be had{asked}\n"]
    for cause, problems in by_cause(found.results).items():
        lines += group(cause, problems)
    notes = [note for result in found.results for note in result.notes]
    lines += [f"note: {note.what}: {note.why}\n  {note.remedy}\n" for note in notes[:_SHOWN]]
    return "".join(lines) + text.gaps(found.gaps)


def by_cause(results: Iterable[Verified]) -> dict[str, dict[Problem, list[Verified]]]:
    """Give the problems of each cause, and the results that each is of."""
    groups: dict[str, dict[Problem, list[Verified]]] = {}
    for result in results:
        for problem in result.problems:
            groups.setdefault(problem.cause, {}).setdefault(problem, []).append(result)
    return groups


def group(cause: str, problems: dict[Problem, list[Verified]]) -> Iterator[str]:
    """Show the problems of one cause: those of most results in full, and how many more."""
    results = {id(result) for found in problems.values() for result in found}
    yield f"\n{cause}: {_count(len(problems), 'problem')} of {_count(len(results), 'result')}\n"
    widest = sorted(problems.items(), key=lambda item: -len(item[1]))
    for problem, found in widest[:_SHOWN]:
        yield from _problem(problem, found)
    if len(widest) > _SHOWN:
        yield f"  and {len(widest) - _SHOWN} more; `--json` has them all\n"


def _problem(problem: Problem, found: list[Verified]) -> Iterator[str]:
    names = [result.subject.name for result in found]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    yield f"  {problem.what}: {problem.why}\n"
    yield f"    of {', '.join(names[:_SHOWN])}{more}; lost: {problem.lost}\n"
    yield f"    {problem.remedy}\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def verification_json(found: Verification) -> str:
    """Write all of it for a program."""
    return text.as_json(
        {"results": [as_dict(r) for r in found.results], "gaps": text.gaps_json(found.gaps)}
    )


def as_dict(result: Verified) -> dict[str, Any]:
    """Give a result and its problems as plain values, in the form of the JSON."""
    subject = result.subject
    return {
        "key": subject.key,
        "record_id": subject.record_id,
        "experiments": list(subject.experiments),
        "commit": result.commit,
        "run": subject.run.mlflow_run_id if subject.run else None,
        "gaps": text.gaps_json(result.problems),
        "notes": text.gaps_json(result.notes),
    }
