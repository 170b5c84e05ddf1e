"""Questions to `wherefrom`, answered in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox import Sandbox


def ask(sandbox: Sandbox, *args: str, status: int = 0, **extra: str) -> dict[str, Any]:
    """Ask, and check how the command ended."""
    done = sandbox.process("wherefrom", *args, "--json", **extra)
    assert done.returncode == status, f"{args} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema"] == 1
    return found


def gaps(found: dict[str, Any]) -> list[str]:
    """List what cannot be told, without why and what mends it."""
    return [gap["what"] for gap in found["gaps"]]
