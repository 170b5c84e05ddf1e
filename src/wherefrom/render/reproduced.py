"""What became of results that were made again, one after the other, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.remarks import VERDICTS
from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.commands.reproduce import Plan, Reproduction
    from wherefrom.reproduction.verdict import Output


def warning(plans: Sequence[Plan]) -> str:
    """Say whose code is about to run."""
    shas = {plan.commit_sha[:7] for plan in plans if plan.commit_sha}
    return f"this runs the code of {', '.join(sorted(shas))}\n" if shas else ""


def reproduction(found: Reproduction) -> str:
    """Show a verdict: what was compared, what differs, what is missing."""
    compared = found.compared
    rows = [
        ("result", f"{found.trace.key}" + _named(found)),
        *([("commit", found.commit_sha)] if found.commit_sha else []),
        ("verdict", found.verdict + _within(found)),
        *([("outputs", _count(compared.outputs))] if compared else []),
        *([("kept", str(found.kept))] if found.kept else []),
    ]
    taken = compared.taken if compared else ()
    frozen = [f"{stage} is frozen: what it left was taken, not made again" for stage in taken]
    said = "".join(f"note: {line}\n" for line in (*frozen, *found.machine))
    missing = [found.missing] if found.missing else []
    return text.pairs(rows) + _unlike(found) + said + text.gaps([*missing, *found.gaps])


def _named(found: Reproduction) -> str:
    return "" if found.trace.key.startswith(found.address) else f"  {found.address}"


def _within(found: Reproduction) -> str:
    if found.compared is None or found.verdict == "identical":
        return ""
    return f" (metrics may differ by {found.compared.tolerance:g})"


def _count(outputs: Sequence[Output]) -> str:
    same = sum(output.is_same for output in outputs)
    return f"{same} of {len(outputs)} have the same bytes"


def _unlike(found: Reproduction) -> str:
    if found.compared is None:
        return ""
    rows = [
        (o.path, f"{_short(o.expected)} -> {_short(o.got)}  {', '.join(o.unlike)}")
        for o in found.compared.differing
    ]
    rows += [(n, f"{a} -> {b}") for n, (a, b) in found.compared.metrics.items()]
    rows += [(path, "is not what was read then") for path in found.compared.inputs]
    return text.pairs(rows, "  ")


def _short(value: str | None) -> str:
    return value[: text.SHORT] if value else "none"


def reproductions_json(found: Sequence[Reproduction]) -> str:
    """Write verdicts for a program: one as it is, several in a list."""
    if len(found) == 1:
        return text.as_json(as_dict(found[0]))
    worst = {"verdict": _worst(found)} if found else {}
    return text.as_json({**worst, "results": [as_dict(one) for one in found]})


def _worst(found: Sequence[Reproduction]) -> str:
    return max((one.verdict for one in found), key=VERDICTS.index)


def as_dict(found: Reproduction) -> dict[str, Any]:
    """Give a verdict as plain values, in the form of the JSON."""
    compared = found.compared
    return {
        "address": found.address,
        "key": found.trace.key,
        "commit": found.commit_sha,
        "verdict": found.verdict,
        "outputs": [_output(output) for output in compared.outputs] if compared else [],
        "metrics": {n: list(pair) for n, pair in compared.metrics.items()} if compared else {},
        "inputs": list(compared.inputs) if compared else [],
        "tolerance": compared.tolerance if compared else None,
        "taken": list(compared.taken) if compared else [],
        "environment": found.environment,
        "machine": list(found.machine),
        "missing": text.gaps_json([found.missing])[0] if found.missing else None,
        "gaps": text.gaps_json(found.gaps),
        "seconds": round(found.seconds, 3),
        "kept": str(found.kept) if found.kept else None,
    }


def _output(output: Output) -> dict[str, Any]:
    return {
        "path": output.path,
        "stage": output.stage,
        "expected": output.expected,
        "got": output.got,
        "same": output.is_same,
        "unlike": list(output.unlike),
    }
