"""A lock file of one tiny wheel that lends the running environment: no network, yet a real lock."""

from __future__ import annotations

import base64
import hashlib
import sysconfig
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ABOUT = "lender-1.0.dist-info"


def write_lock(lock: Path, folder: Path) -> dict[str, str]:
    """Write a lock that pins the wheel with its hash; give what makes uv find it, and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "lender.pth": f"{sysconfig.get_path('purelib')}\n",
        f"{_ABOUT}/METADATA": "Metadata-Version: 2.1\nName: lender\nVersion: 1.0\n",
        f"{_ABOUT}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    wheel = folder / "lender-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {
            **files,
            f"{_ABOUT}/RECORD": "\n".join([*rows, f"{_ABOUT}/RECORD,,\n"]),
        }.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock.write_text(f"lender==1.0 \\\n    --hash=sha256:{digest}\n")
    return offline(folder)


def offline(folder: Path) -> dict[str, str]:
    """Give the variables with which uv looks into a folder alone."""
    return {"UV_FIND_LINKS": str(folder), "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
