"""Whether paths stay inside of a checkout, also through the links that it holds. Pure.

Whoever made a commit chose its paths: before its code is run, nothing may lead out of the clone.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from wherefrom.lockfile import mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_HOPS = 40  # as many links as Linux follows
_KEYS = ("wdir", "deps", "outs", "metrics", "plots", "params", "vars", "path", "artifacts")


def leaving(paths: Iterable[str], links: Mapping[str, str]) -> list[str]:
    """List the paths that leave a checkout, themselves or by a link that is on them or below them.

    All are seen from its root; `links` maps links to what they say.
    """
    out = [link for link in links if not _stays(link, links)]
    return [path for path in dict.fromkeys(paths) if not _stays(path, links) or _holds(path, out)]


def _holds(path: str, places: Iterable[str]) -> bool:
    folder = "" if posixpath.normpath(path) == "." else f"{posixpath.normpath(path)}/"
    return any(place.startswith(folder) for place in places)


def _stays(path: str, links: Mapping[str, str]) -> bool:
    """Follow a path step by step, as the system does."""
    todo, here, hops = path.split("/"), list[str](), 0
    if path.startswith("/"):
        return False
    while todo:
        part = todo.pop(0)
        if part == "..":
            if not here:
                return False
            here.pop()
        elif part not in {"", "."}:
            here.append(part)
        target = links.get("/".join(here))
        if target is not None:
            hops += 1
            if target.startswith("/") or hops > _HOPS:
                return False
            here.pop()
            todo = [*target.split("/"), *todo]
    return True


def declared(text: str, file: str) -> Iterator[str]:
    """List the paths that a `dvc.yaml` or a `.dvc` file declares, from the checkout's root.

    Those that a template leaves open are left out, and so are URLs, and where a `.dvc` file has
    been imported from: only DVC reads there, and only what it has no copy of. `file` is its own
    path. Raises `LockfileError`.
    """
    folder, said = posixpath.dirname(file), mapping(text, file)
    if file.endswith(".dvc"):
        said = {key: value for key, value in said.items() if key != "deps"}
    for wdir, path in _found(said, ""):
        if "${" not in f"{wdir}{path}" and "://" not in path:
            yield path if path.startswith("/") else _beside(folder, wdir, path)


def _beside(folder: str, wdir: str, path: str) -> str:
    return "/".join(part for part in (folder, wdir, path) if part)


def _found(node: Any, wdir: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Go through nested values; a path comes with the folder that it is meant from."""
    if isinstance(node, list):
        for item in node:
            yield from _found(item, wdir)
    elif isinstance(node, dict):
        here = node.get("wdir")
        inside = here if isinstance(here, str) else wdir
        for key, value in node.items():
            if key in _KEYS:
                yield from ((inside if key != "wdir" else "", path) for path in _paths(value))
            yield from _found(value, inside)


def _paths(value: Any) -> Iterator[str]:  # noqa: ANN401
    """Give the paths of a list: texts, or mappings of a path to what is said of it."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item.partition(":")[0] if not item.startswith("/") else item
        elif isinstance(item, dict):
            yield from (key for key in item if isinstance(key, str))
