"""DVC's cache, read by the hash of an object; DVC itself is not needed for that.

Layout: https://dvc.org/doc/user-guide/project-structure/internal-files#structure-of-the-cache-directory.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DVC = ("dvc", "iterative")
_OWN = ("config.local", "config")
_REMOTE = re.compile(r"""'?remote "(.+)"'?""")


def read(root: Path, value: str | None) -> bytes | None:
    """Give the object of a hash; None where the cache does not hold it. `root`: the DVC root."""
    path = find(root, value)
    return path.read_bytes() if path else None


def has_all(root: Path, value: str | None) -> bool:
    """Whether the cache holds a file, or a folder with all of its files."""
    if not value or not value.endswith(".dir"):
        return find(root, value) is not None
    inside = listing(root, value)
    return inside is not None and all(find(root, md5) for md5 in inside.values())


def copy(root: Path, value: str, target: Path) -> bool:
    """Copy a file, or a folder file by file; False where the cache lacks some of it.

    Nothing is written elsewhere than at `target` and below it.
    """
    if not value.endswith(".dir"):
        found = find(root, value)
        return found is not None and bool(shutil.copyfile(found, target))
    inside = listing(root, value)
    places = {target / name: find(root, md5) for name, md5 in (inside or {}).items()}
    if inside is None or None in places.values():
        return False
    for place, file in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file), place)
    return True


def listing(root: Path, value: str) -> dict[str, str] | None:
    """Map the files of a folder to their hashes.

    None where the cache does not hold it, and where it is not what DVC writes: another text, or
    names that lead out of the folder.
    """
    text = read(root, value)
    try:
        found = {entry["relpath"]: entry["md5"] for entry in json.loads(text or "null")}
    except (ValueError, KeyError, TypeError):
        return None
    return None if any(map(_leads_out, found)) else found


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/")


def find(root: Path, value: str | None) -> Path | None:
    """Give the file of an object; None where the cache does not hold it, or it may not be read."""
    return _find(folder_of(root), value) if value else None


def held(root: Path, values: Iterable[str]) -> list[str]:
    """List those of some objects that the cache holds, and that may be read."""
    folder = folder_of(root)
    return [value for value in values if _find(folder, value)]


def closed(root: Path, values: Iterable[str]) -> list[str]:
    """List those of some objects, none of them held, that the permissions of files hide."""
    folder = folder_of(root)
    return [value for value in values if any(map(_is_closed, _places(folder, value)))]


def _find(folder: Path, value: str) -> Path | None:
    return next((place for place in _places(folder, value) if _is_open(place)), None)


def _places(folder: Path, value: str) -> tuple[Path, Path]:
    return folder / "files" / "md5" / value[:2] / value[2:], folder / value[:2] / value[2:]


def _is_open(place: Path) -> bool:
    return os.access(place, os.R_OK) and place.is_file()


def _is_closed(place: Path) -> bool:
    try:
        return place.is_file() and not os.access(place, os.R_OK)
    except PermissionError:  # of a folder above it
        return True


def folder_of(root: Path) -> Path:
    """Give the cache's folder, by DVC's settings (`cache.dir`), from its own folder otherwise.

    Settings of the project count before the user's, and those before the machine's.
    """
    files = [root / ".dvc" / name for name in _OWN] + _shared_settings()
    chosen = (file.parent / Path(found).expanduser() for file in files for found in _dir(file))
    found = next(chosen, None)
    return found.resolve() if found else root / ".dvc" / "cache"


def _shared_settings() -> list[Path]:
    """Give the files that hold for all of a user's projects, as `dvc.dirs` does."""
    import platformdirs  # noqa: PLC0415 - a tenth of what a question takes

    user = os.environ.get("DVC_GLOBAL_CONFIG_DIR") or platformdirs.user_config_dir(*_DVC)
    machine = os.environ.get("DVC_SYSTEM_CONFIG_DIR") or platformdirs.site_config_dir(*_DVC)
    return [Path(user) / "config", Path(machine) / "config"]


def remotes(root: Path) -> tuple[str, ...]:
    """List the remotes that the project's own settings name."""
    sections = [s for name in _OWN for s in _config(root / ".dvc" / name).sections()]
    found = (_REMOTE.fullmatch(section) for section in sections)
    return tuple(dict.fromkeys(match[1] for match in found if match))


def _dir(file: Path) -> Iterator[str]:
    if found := _config(file).get("cache", "dir", fallback=""):
        yield found


def _config(file: Path) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    with suppress(configparser.Error):  # DVC itself names what is wrong with it
        config.read(file, encoding="utf-8")
    return config
