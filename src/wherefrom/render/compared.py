"""The difference of two results, and the versions of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.render import text

if TYPE_CHECKING:
    from wherefrom.commands.data import TableVersion, Versions
    from wherefrom.commands.diff import Difference, Pairs
    from wherefrom.commands.trace import Trace

_PARTS = ("data", "code", "stages", "params", "environment", "metrics")


def diff(found: Difference) -> str:
    """Show what differs."""
    if found.is_empty:
        return "no difference\n"
    shown = f"{_name(found.first)}  ->  {_name(found.second)}\n"
    for part in _PARTS:
        pairs: Pairs = getattr(found, part)
        if pairs:
            short, plain = part in {"data", "code"}, part != "metrics"
            rows = [
                (name, *(_cell(item, short=short, plain=plain) for item in both), _change(both))
                for name, both in pairs.items()
            ]
            shown += f"\n{part}\n{text.table(('', '', '', ''), rows, '  ').partition(chr(10))[2]}"
    return shown


def diff_json(found: Difference) -> str:
    """Write the same for a program."""
    parts = {part: {n: list(p) for n, p in getattr(found, part).items()} for part in _PARTS}
    return text.as_json({"first": found.first.key, "second": found.second.key, **parts})


def data(found: Versions) -> str:
    """Show the versions of each table, the best first."""
    head = ("table", "hash", "label", "size", "since", "results", f"best {found.metric}", "of")
    return text.table(head, [_row(v, found.metric) for v in found.versions]) + text.gaps(found.gaps)


def data_json(found: Versions) -> str:
    """Write the same for a program."""
    return text.as_json(
        {
            "metric": found.metric,
            "versions": [_version_json(version, found.metric) for version in found.versions],
            "gaps": text.gaps_json(found.gaps),
        }
    )


def _name(found: Trace) -> str:
    experiment = found.made_in.experiment if found.made_in else None
    return f"{found.key[:12]}{f' {experiment}' if experiment else ''}"


def _cell(item: object, *, short: bool, plain: bool) -> str:
    if isinstance(item, float) and not plain:
        return text.number(item)
    if isinstance(item, str) and len(item) > 40:  # noqa: PLR2004 - a digest
        return item[: text.SHORT]
    if item is None:
        return "-"
    return str(item)[: text.SHORT] if short else text.value(item)


def _change(both: tuple[Any, Any]) -> str:
    first, second = both
    if isinstance(first, float) and isinstance(second, float):
        return f"{second - first:+.4f}"
    return ""


def _row(version: TableVersion, metric: str) -> tuple[str, ...]:
    first, best = version.introduced, version.best
    since = f"{first.sha[: text.SHORT]} {text.date(first.time * 1000)[:10]}" if first else ""
    return (
        version.path,
        str(version.hash)[: text.SHORT],
        ", ".join(version.labels),
        text.size(version.size),
        since,
        str(version.results),
        text.number(best.metrics[metric]) if best else "",
        f"{best.key[:12]} {best.name}".strip() if best else "",
    )


def _version_json(version: TableVersion, metric: str) -> dict[str, Any]:
    first, best = version.introduced, version.best
    return {
        "path": version.path,
        "hash": version.hash,
        "size": version.size,
        "labels": list(version.labels),
        "introduced": {"sha": first.sha, "time": first.time} if first else None,
        "results": version.results,
        "best": {"key": best.key, "value": best.metrics[metric]} if best else None,
    }
