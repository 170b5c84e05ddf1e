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
    """Show the problems of one cause, those of most results first, and how many more.

    What the same results lack, for the same reason and with the same remedy, stands together.
    """
    results = {id(result) for found in problems.values() for result in found}
    yield f"\n{cause}: {_count(len(problems), 'problem')} of {_count(len(results), 'result')}\n"
    alike = list(_alike(problems))
    for found, same in alike[:_SHOWN]:
        yield from _problems(same, found)
    more = sum(len(same) for _, same in alike[_SHOWN:])
    if more:
        yield f"  and {more} more; `--json` has them all\n"


def _alike(
    problems: dict[Problem, list[Verified]],
) -> Iterator[tuple[list[Verified], list[Problem]]]:
    groups: dict[tuple[object, ...], list[Problem]] = {}
    for problem, found in sorted(problems.items(), key=lambda item: -len(item[1])):
        place = (problem.why, problem.remedy, *map(id, found))
        groups.setdefault(place, []).append(problem)
    yield from ((problems[same[0]], same) for same in groups.values())


def _problems(same: list[Problem], found: list[Verified]) -> Iterator[str]:
    yield from (f"  {problem.what}\n" for problem in same[:_SHOWN])
    if len(same) > _SHOWN:
        yield f"  and {len(same) - _SHOWN} more; `--json` has them all\n"
    yield f"    {same[0].why}\n"
    yield f"    of {_some([result.subject.name for result in found])}\n"
    yield f"    lost: {_some(list(dict.fromkeys(problem.lost for problem in same)))}\n"
    yield f"    {same[0].remedy}\n"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


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
