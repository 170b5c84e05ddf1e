"""Questions to `wherefrom` on its command line, and its answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox import Sandbox

UNHELD = "no commit and no experiment holds this run"


@dataclass(frozen=True)
class Answer:
    """What a command answered: its exit status, its JSON ({} for none) and what it said beside."""

    status: int
    found: dict[str, Any]
    said: str

    @property
    def run(self) -> dict[str, Any]:
        """The run; {} where there is neither a run nor a word of one."""
        return self.found["run"] or {}

    @property
    def held_by(self) -> str | None:
        """The commit that holds the result; None for the workspace, or for nothing."""
        commit = self.found["commit"]
        return commit["held_by"] if commit else None

    @property
    def gaps(self) -> list[str]:
        return gaps(self.found)

    @property
    def keys(self) -> list[str]:
        """The keys of the results of a list."""
        return [entry["result"]["key"] for entry in self.found["results"]]


def answered(sandbox: Sandbox, *args: str, **extra: str) -> Answer:
    """Ask for JSON; what is not expected (exit status 3) is never an answer."""
    done = sandbox.process("wherefrom", *args, "--json", **extra)
    assert done.returncode in {0, 1, 2}, f"{args} -> {done.returncode}\n{done.stderr}"
    return Answer(done.returncode, json.loads(done.stdout or "{}"), done.stderr)


def ask(sandbox: Sandbox, *args: str, status: int = 0, **extra: str) -> dict[str, Any]:
    """Ask for JSON, and check how the command ended."""
    answer = answered(sandbox, *args, **extra)
    assert answer.status == status, f"{args} -> {answer.status}\n{answer.found}\n{answer.said}"
    assert answer.found["schema"] == 1
    return answer.found


def gaps(found: dict[str, Any]) -> list[str]:
    """List what cannot be told, without why and what mends it."""
    return [gap["what"] for gap in found["gaps"]]


def trace(sandbox: Sandbox, address: str, **extra: str) -> Answer:
    return answered(sandbox, "trace", address, **extra)


def listed(sandbox: Sandbox, **extra: str) -> dict[str, dict[str, Any]]:
    """Give all results and runs that `wherefrom ls` lists, by their keys."""
    answer = answered(sandbox, "ls", **extra)
    assert answer.status == bool(answer.gaps), answer.said
    assert len(set(answer.keys)) == len(answer.keys)
    return dict(zip(answer.keys, answer.found["results"], strict=True))


def held_runs(entries: dict[str, dict[str, Any]]) -> set[str]:
    """Give the runs that commits or experiments hold, by a list."""
    return {e["run"]["id"] for e in entries.values() if e["commit"] and e["run"]} - {None}


def loose_runs(entries: dict[str, dict[str, Any]]) -> set[str]:
    """Give the runs that nothing holds, by a list."""
    return {entry["run"]["id"] for entry in entries.values() if not entry["commit"]}


def check_unheld(sandbox: Sandbox, run_id: str) -> None:
    """Check that a run which nothing holds is told as that, and as no other one's result."""
    answer = trace(sandbox, run_id)
    assert (answer.status, answer.gaps) == (1, [UNHELD])
    assert (answer.run["id"], answer.run["relation"], answer.held_by) == (run_id, None, None)
    assert answer.found["experiments"] == []
