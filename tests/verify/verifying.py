"""What `wherefrom verify` finds, as facts that a test can name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asking import answered

if TYPE_CHECKING:
    from sandbox import Sandbox


@dataclass(frozen=True)
class Found:
    """What a verification found: `problems` maps causes to the objects that each names."""

    status: int
    results: dict[str, dict[str, Any]]
    gaps: list[str]

    @property
    def problems(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for problem in self.all:
            found.setdefault(problem["cause"], set()).add(problem["object"])
        return found

    @property
    def all(self) -> list[dict[str, str]]:
        return [problem for result in self.results.values() for problem in result["gaps"]]

    @property
    def damaged(self) -> set[str]:
        """The keys of the results that have a problem."""
        return {key for key, result in self.results.items() if result["gaps"]}

    @property
    def remedies(self) -> set[str]:
        return {problem["remedy"] for problem in self.all}


def verify(sandbox: Sandbox, *args: str, **extra: str) -> Found:
    answer = answered(sandbox, "verify", *(args or ("--all",)), **extra)
    assert answer.found.get("schema") == 1, answer.said
    results = {result["key"]: result for result in answer.found["results"]}
    return Found(answer.status, results, [gap["what"] for gap in answer.found["gaps"]])


def check_whole(sandbox: Sandbox, *args: str) -> Found:
    """Check that nothing is missing."""
    found = verify(sandbox, *args)
    assert (found.status, found.all, found.gaps) == (0, [], [])
    return found
