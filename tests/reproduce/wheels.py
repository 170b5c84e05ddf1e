"""A lock file of one tiny wheel that lends the running environment: no network, yet a real lock."""

from __future__ import annotations

import base64
import hashlib
import sysconfig
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LENDER = "lender"


def write_lock(lock: Path, folder: Path) -> dict[str, str]:
    """Write a lock that pins the wheel with its hash; give what makes uv find it, and no other."""
    digest = write_wheel(folder, LENDER, f"{sysconfig.get_path('purelib')}\n")
    lock.write_text(f"{LENDER}==1.0 \\\n    --hash=sha256:{digest}\n")
    return offline(folder)


def write_wheel(folder: Path, name: str, pth: str = "") -> str:
    """Write a wheel of one `.pth` file, and give the hash of its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}.pth": pth,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items()]
    files[f"{about}/RECORD"] = "".join([*rows, f"{about}/RECORD,,\n"])
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def offline(folder: Path) -> dict[str, str]:
    """Give the variables with which uv looks into a folder alone."""
    return {"UV_FIND_LINKS": str(folder), "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
