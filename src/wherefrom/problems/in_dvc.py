"""What DVC's cache or a remote of it should hold of a result, and does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.problems import Problem, some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


OLDER = " (with the remote in `--local`)"
"""DVC reads each commit with that commit's own settings, and skips one that has no remote yet; the
guide has the whole of it."""


def not_in_cache(path: str, value: str, names: Sequence[str], lost: str, remedy: str) -> Problem:
    """Name an object that DVC's cache lacks, or files of a folder (`names`; "" is the object)."""
    whole = "" in names
    return Problem(
        what=f"{path} ({value[:10]}) is not in DVC's cache"
        if whole
        else f"{some(names)} of {path} ({value[:10]}) is not in DVC's cache",
        why="`dvc gc` removed it, or it was never fetched",
        remedy=remedy,
        cause="cache",
        object=value,
        lost=lost,
    )


def not_readable(path: str, hidden: Mapping[str, str], lost: str) -> Problem:
    """Name objects in DVC's cache that its permissions hide; `hidden` as in `damaged`."""
    names = [f"{path}/{name}" if name else path for name in hidden]
    values = list(hidden.values())
    places = " ".join(f"files/md5/{value[:2]}/{value[2:]}" for value in values)
    return Problem(
        what=f"{some(names)} ({some([value[:10] for value in values])}) in DVC's cache "
        "may not be read",
        why="the permissions of a file, or of a folder above it, do not let you",
        remedy=f"`chmod u+rX` {places} and the folders above, or ask whoever owns them for it",
        cause="cache",
        object=" ".join(values),
        lost=f"{lost}, for you",
    )


def damaged(path: str, wrong: Mapping[str, str], lost: str, remedy: str) -> Problem:
    """Name objects in DVC's cache whose bytes are not what their name says.

    `wrong` maps files of the folder `path` to their hashes; "" is the object itself.
    """
    names = [f"{path}/{name}" if name else path for name in wrong]
    values = list(wrong.values())
    places = " ".join(f"files/md5/{value[:2]}/{value[2:]}" for value in values)
    return Problem(
        what=f"the bytes of {some(names)} in DVC's cache are not those of {some(values)}",
        why="the file was written to, or the disk is damaged",
        remedy=f"remove {places} from the cache, then {remedy}",
        cause="bytes",
        object=" ".join(values),
        lost=lost,
    )


def not_in_remote(path: str, value: str, remote: str | None, lost: str) -> Problem:
    """Say that the DVC remote lacks an object that the cache has."""
    named = f"the remote {remote}" if remote else "the default remote"
    option = f" --remote {remote}" if remote else ""
    return Problem(
        what=f"{path} ({value[:10]}) is not in {named}",
        why="it was never pushed, or was removed there",
        remedy=f"`dvc push --all-commits{option}`, of an experiment `dvc exp push`{OLDER}",
        cause="dvc remote",
        object=value,
        lost=f"{lost}, with this disk",
    )
