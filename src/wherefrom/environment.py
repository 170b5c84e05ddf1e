"""This interpreter, its packages against the lock file, and this machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.record import EnvironmentFacts, Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LOCK_NAMES = ("requirements.lock", "uv.lock", "poetry.lock", "pdm.lock", "requirements.txt")
"""Lock files: the first that is there counts; only a list of pins can be compared."""

# Two lines of a header, and not `distribution.metadata`: that parses 200 whole mails.
_NAME = re.compile(r"^Name: *(\S+)", re.MULTILINE)
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>.*)"
)


@dataclass(frozen=True)
class Observed:
    """The facts of this process's environment, with all packages and what does not match."""

    facts: EnvironmentFacts
    packages: Mapping[str, str]
    gaps: tuple[Gap, ...]


def observe(root: Path, used: Iterable[str] = ()) -> Observed:
    """Look at this interpreter and compare it with the lock file in `root`.

    The digest covers the interpreter, the packages that the lock file pins (all installed ones
    where it pins none) and those of `used` that it does not pin: development tools beside them make
    no other environment, nor does the machine.
    """
    packages = installed()
    lock = lock_file(root)
    pins = parse_pins(lock.read_text()) if lock and lock.name.startswith("requirements") else {}
    wrong = mismatches(pins, packages)
    names = {_canonical(name) for name in used} - pins.keys() if pins else set()
    unpinned = {name: version for name, version in packages.items() if name in names}
    counted = {n: v for n, v in packages.items() if n in pins} | unpinned if pins else packages
    facts = EnvironmentFacts(
        digest=digest(counted),
        lock=sha256(lock) if lock else None,
        matches_lock=not wrong and not unpinned if pins else None,
        python=platform.python_version(),
        platform=f"{sys.platform}-{platform.machine()}",
        cpu=cpu_model(),
        blas=blas_kernel(),
        gpu=gpu_models(),
        unpinned=unpinned,
    )
    return Observed(facts, packages, tuple(_gaps(lock, wrong, unpinned)))


def installed() -> dict[str, str]:
    """Map each installed distribution to its version; the first on the path counts, as in import.

    `wherefrom` itself is left out: what tracks a result is no part of what made it.
    """
    return dict(_installed(tuple(sys.path)))


@lru_cache(maxsize=1)
def _installed(path: tuple[str, ...]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for distribution in metadata.distributions(path=list(path)):
        header = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        name, version = _NAME.search(header), _VERSION.search(header)
        if name and version and _canonical(name[1]) != "wherefrom":
            found.setdefault(_canonical(name[1]), version[1])
    return dict(sorted(found.items()))


def digest(packages: Mapping[str, str]) -> str:
    """SHA-256 of the packages and the interpreter, as canonical JSON."""
    python = [platform.python_implementation(), platform.python_version()]
    text = json.dumps({"packages": dict(packages), "python": python}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def lock_file(root: Path) -> Path | None:
    """Find the lock file of a project; None where there is none."""
    return next((root / name for name in LOCK_NAMES if (root / name).is_file()), None)


@lru_cache(maxsize=8)
def parse_pins(text: str) -> Mapping[str, str]:
    """Read the exact pins of a requirements file that count for this interpreter and platform."""
    pins: dict[str, str] = {}
    for line in text.splitlines():
        match = _PIN.match(line)
        if match and _counts(match["rest"]):
            pins[_canonical(match["name"])] = match["version"]
    return pins


def requirement_lines(
    text: str, distributions: tuple[str, ...], packages: Mapping[str, str]
) -> tuple[str, ...]:
    """Give some distributions as plain `name==version` lines.

    The version is the one that the lock's text pins, else that of the installed `packages`. Raises
    `LookupError` for a distribution that is in neither.
    """
    versions = {**packages, **parse_pins(text)}
    missing = [name for name in distributions if _canonical(name) not in versions]
    if missing:
        raise LookupError(f"neither pinned nor installed: {', '.join(missing)}")
    return tuple(f"{name}=={versions[_canonical(name)]}" for name in distributions)


def mismatches(pins: Mapping[str, str], packages: Mapping[str, str]) -> dict[str, str | None]:
    """Map each pinned package that is not installed as pinned to the version that is (or None)."""
    return {
        name: packages.get(name)
        for name, version in pins.items()
        if packages.get(name, "").partition("+")[0] != version.partition("+")[0]
    }


def cpu_model() -> str | None:
    """Name the kind of CPU; None where the system does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or None
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match.group(1) if match else platform.machine()


def gpu_models() -> str | None:
    """Name NVIDIA's graphics cards, by its kernel module; None where there is none."""
    folders = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    found = (re.search(r"^Model:\s*(.+)$", file.read_text(), re.MULTILINE) for file in folders)
    return ", ".join(match[1].strip() for match in found if match) or None


def blas_used() -> str | None:
    """Name the BLAS libraries as a stage ends; where it loaded none, that of numpy is.

    MLflow loads it as well: the environment is the same with tracking on and off.
    """
    with suppress(ImportError):
        import numpy as np  # noqa: F401, PLC0415
    return blas_kernel()


def blas_kernel() -> str | None:
    """Name the BLAS libraries that are loaded and the kernels they chose; None for none loaded."""
    from threadpoolctl import threadpool_info  # noqa: PLC0415 - only a stage needs it

    kernels = {
        f"{lib['internal_api']} {lib.get('version')} {lib.get('architecture', '')}".strip()
        for lib in threadpool_info()
        if lib.get("user_api") == "blas"
    }
    return ", ".join(sorted(kernels)) or None


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=8)  # nearly all commits have one lock file
def sha256_of(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def _canonical(name: str) -> str:
    """Give a distribution's name as all tools compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def boot_id() -> str:
    """Identify this boot of this machine, so that a process id means something later."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(os.stat("/").st_dev)  # noqa: PTH116 - no boot id on this system


def _counts(rest: str) -> bool:
    stated = re.split(r"\s#|\s--hash", rest)[0]
    marker = stated.partition(";")[2].rstrip(" \\").strip()
    if not marker:
        return True
    from packaging.markers import Marker  # noqa: PLC0415 - not for those who only read records

    return Marker(marker).evaluate()


def _gaps(
    lock: Path | None, wrong: Mapping[str, str | None], unpinned: Mapping[str, str]
) -> Iterator[Gap]:
    if lock is None:
        yield Gap(
            "no lock file", "the project has none of " + ", ".join(LOCK_NAMES), "pin what runs"
        )
    if lock and wrong:
        some = [f"{name} {version or 'is missing'}" for name, version in sorted(wrong.items())[:5]]
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""  # noqa: PLR2004
        yield Gap(
            what=f"the environment is not that of {lock.name}",
            why=", ".join(some) + more,
            remedy=f"install it: `uv pip sync --require-hashes {lock.name}`",
        )
    if lock and unpinned:
        yield Gap(
            what="the result was made with packages that no lock file pins",
            why=", ".join(f"{name} {version}" for name, version in unpinned.items()),
            remedy=f"pin them in {lock.name}, or install these versions to make it again",
        )
