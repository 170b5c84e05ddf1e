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
        return "no difference\n" + text.gaps(found.gaps)
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
    return shown + (f"\n{text.gaps(found.gaps)}" if found.gaps else "")


def diff_json(found: Difference) -> str:
    """Write the same for a program."""
    return text.as_json({**as_dict(found), "gaps": text.gaps_json(found.gaps)})


def as_dict(found: Difference) -> dict[str, Any]:
    """Give what differs as plain values."""
    parts = {part: {n: list(p) for n, p in getattr(found, part).items()} for part in _PARTS}
    return {"first": found.first.key, "second": found.second.key, **parts}


def data(found: Versions) -> str:
    """Show the versions of each table, the best first."""
    best = f"best {found.metric}" if found.metric else "best"
    head = ("table", "hash", "label", "size", "since", "results", best, "of")
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


def _row(version: TableVersion, metric: str | None) -> tuple[str, ...]:
    first, value = version.introduced, _value(version, metric)
    since = f"{first.sha[: text.SHORT]} {text.date(first.time * 1000)[:10]}" if first else ""
    return (
        version.path,
        str(version.hash)[: text.SHORT],
        ", ".join(version.labels),
        text.size(version.size),
        since,
        str(version.results),
        text.number(value) if value is not None else "",
        _best(version),
    )


def _value(version: TableVersion, metric: str | None) -> float | None:
    return version.best[0].metrics[metric] if version.best and metric else None


def _best(version: TableVersion) -> str:
    if not version.best:
        return ""
    first, *others = version.best
    alike = f" (+{len(others)} alike)" if others else ""
    return f"{first.key[:12]} {first.name}".strip() + alike


def _version_json(version: TableVersion, metric: str | None) -> dict[str, Any]:
    first, keys = version.introduced, [entry.key for entry in version.best]
    best = {"key": keys[0], "value": _value(version, metric), "alike": keys[1:]} if keys else None
    return {
        "path": version.path,
        "hash": version.hash,
        "size": version.size,
        "labels": list(version.labels),
        "introduced": {"sha": first.sha, "time": first.time} if first else None,
        "results": version.results,
        "best": best,
    }
