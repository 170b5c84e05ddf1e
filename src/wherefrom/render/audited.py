"""The health of a project on one page: text, Markdown, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.render import text, verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.commands.audit import Audit, Share
    from wherefrom.unsteady import Unsteady


def audit(found: Audit) -> str:
    """Show the shares, then what fails, grouped by its cause, then what is not deterministic."""
    lines = [f"{_counted(len(found.results), 'result')}\n", *_shares(found)]
    for cause, problems in verified.by_cause(found.results).items():
        lines += verified.group(cause, problems)
    lines += ["\nmade again, and not identical\n" * bool(_failed(found)), *_verdicts(found)]
    lines += ["\nnot deterministic\n" * bool(found.unsteady)]
    lines += [f"  {_unsteady(one)}\n" for one in found.unsteady]
    return "".join(lines) + text.gaps((*found.verdicts.missing, *found.gaps))


def _shares(found: Audit) -> Iterator[str]:
    rows = [(name, _share(name, share, found)) for name, share in found.shares.items()]
    yield text.pairs(rows)


def _share(name: str, share: Share, found: Audit) -> str:
    drawn = found.verdicts.seed is not None
    if name == "identical" and not share.of:
        return "none was made again; `--reproduce 5` does so with five of them"
    how = f" made again, {_by(found)}" if name == "identical" else ""
    return f"{share.count} of {share.of}{how}  {share.percent:.1f} %" + (
        "" if drawn or name != "identical" else "  (`--reproduce` asks again)"
    )


def _by(found: Audit) -> str:
    seed = found.verdicts.seed
    return "as far as is remembered" if seed is None else f"drawn by seed {seed}"


def _failed(found: Audit) -> dict[str, str]:
    return {key: v for key, v in found.verdicts.found.items() if v != "identical"}


def _verdicts(found: Audit) -> Iterator[str]:
    names = {result.subject.key: result.subject.name for result in found.results}
    failed = _failed(found)
    yield text.pairs([(names.get(key, key), verdict) for key, verdict in failed.items()], "  ")


def _unsteady(one: Unsteady) -> str:
    return f"{one.stage}: {', '.join(one.outputs)}, shown by {', '.join(one.shown_by)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def audit_markdown(found: Audit) -> str:
    """Write the page for a pull request or a report."""
    lines = ["# Audit\n\n", f"{_counted(len(found.results), 'result')}\n\n"]
    lines += ["| | count | of | % |\n|---|---|---|---|\n"]
    for name, share in found.shares.items():
        percent = f"{share.percent:.1f}" if share.of else ""
        lines.append(f"| {name} | {share.count} | {share.of} | {percent} |\n")
    for cause, problems in verified.by_cause(found.results).items():
        lines.append(f"\n## {cause}\n\n")
        for problem, results in problems.items():
            names = ", ".join(f"`{result.subject.name}`" for result in results)
            lines.append(f"- {problem.what}: {problem.why}\n  - of {names}\n")
            lines.append(f"  - lost: {problem.lost}\n  - {problem.remedy}\n")
    lines += ["\n## Made again, and not identical\n\n" * bool(_failed(found))]
    names_of = {result.subject.key: result.subject.name for result in found.results}
    lines += [f"- `{names_of.get(k, k)}`: {v}\n" for k, v in _failed(found).items()]
    lines += [f"- {gap.what}: {gap.why}\n  - {gap.remedy}\n" for gap in found.verdicts.missing]
    lines += ["\n## Not deterministic\n\n" * bool(found.unsteady)]
    lines += [f"- {_unsteady(one)}\n" for one in found.unsteady]
    lines += ["\n## Not asked\n\n" * bool(found.gaps)]
    lines += [f"- {gap.what}: {gap.why}\n  - {gap.remedy}\n" for gap in found.gaps]
    return "".join(lines)


def audit_json(found: Audit) -> str:
    """Write all of it for a program."""
    return text.as_json(
        {
            **shares_json(found),
            "seed": found.verdicts.seed,
            "results": [
                {
                    **verified.as_dict(result),
                    "traceable": result.is_traceable,
                    "restorable": result.is_restorable,
                    "verdict": found.verdicts.found.get(result.subject.key),
                }
                for result in found.results
            ],
            "not_deterministic": [
                {
                    "stage": one.stage,
                    "fingerprint": one.fingerprint,
                    "outputs": list(one.outputs),
                    "shown_by": list(one.shown_by),
                }
                for one in found.unsteady
            ],
            "gaps": text.gaps_json((*found.verdicts.missing, *found.gaps)),
        }
    )


def shares_json(found: Audit) -> dict[str, Any]:
    """Give the shares as plain values."""
    return {
        name: {"count": share.count, "of": share.of, "percent": round(share.percent, 3)}
        for name, share in found.shares.items()
    }
