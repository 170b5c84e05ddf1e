"""DVC's remotes: which objects they hold. Nothing is fetched, and nothing is removed.

For a remote on this disk `ObjectDB.oids_exist` hashes what is there, and removes what is damaged;
so the plain question is asked, `list_oids_exists`. Each kind of remote raises errors of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wherefrom.errors.stores import RemoteUnreachableError
from wherefrom.sources import dvc_repo
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    Folders = Mapping[str, Iterable[str]]


def held(root: Path, name: str | None, values: Iterable[str], folders: Folders) -> frozenset[str]:
    """Say which objects a remote holds (None: the default one); a folder with all of its files.

    `folders` maps those whose listing is known here to their files. Raises `RemoteUnreachableError`
    for a remote that does not answer, is not set, or is not there.
    """
    try:
        with dvc_repo.opened(root) as repo:
            return _held(_remote(repo, name), set(values), folders)
    except RemoteUnreachableError:
        raise
    except Exception as error:  # noqa: BLE001 - of botocore, aiohttp, paramiko, the disk, DVC
        said = " ".join(redact_text(str(error)).split())[:300] or type(error).__name__
        raise RemoteUnreachableError("DVC", name or "by default", said) from None


def _remote(repo: Any, name: str | None) -> Any:  # noqa: ANN401
    chosen = name or repo.config["core"].get("remote")
    if chosen is None:
        raise RemoteUnreachableError("DVC", None, "none is set")
    return repo.cloud.get_remote(chosen, "fetch")


def _held(remote: Any, values: set[str], folders: Folders) -> frozenset[str]:  # noqa: ANN401
    if not remote.fs.exists(remote.path):
        why = "nothing is at its place: it was never pushed to, is not mounted, or is lost"
        raise RemoteUnreachableError("DVC", remote.name, why)
    here = _existing(remote, values)
    listed = {v: folders[v] if v in folders else _listing(remote, v) for v in here if _is_dir(v)}
    parts = _existing(remote, {part for inside in listed.values() for part in inside})
    return frozenset(v for v in here if set(listed.get(v, ())) <= parts)


def _existing(remote: Any, values: set[str]) -> set[str]:  # noqa: ANN401
    """Ask for objects where DVC 3 puts them, and for the rest where DVC 2 did."""
    found: set[str] = set(remote.odb.list_oids_exists(values)) if values else set()
    rest = values - found
    return found | (set(remote.legacy_odb.list_oids_exists(rest)) if rest else set())


def _listing(remote: Any, value: str) -> list[str]:  # noqa: ANN401
    odb = next(o for o in (remote.odb, remote.legacy_odb) if o.exists(value))
    with odb.fs.open(odb.oid_to_path(value), "rb") as file:
        return [entry["md5"] for entry in json.load(file)]


def _is_dir(value: str) -> bool:
    return value.endswith(".dir")
