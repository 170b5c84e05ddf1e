"""Sweeps that cannot be run as they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from wherefrom.errors import WherefromError


@dataclass
class SpaceError(WherefromError):
    """An override of a sweep that says no variants: why, and what to write instead."""

    override: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"--set-param {self.override!r}: {self.why}"

    @property
    def hint(self) -> str:
        return self.remedy


@dataclass
class EndlessGridError(WherefromError):
    """A grid of an interval: it has no end."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} is an interval, of which a grid cannot have all values"

    @property
    def hint(self) -> str:
        return (
            "let `--sampler random --trials N` or `--sampler tpe` choose some, or list values: "
            f"{self.name}=VALUE,VALUE"
        )


@dataclass
class SweepError(WherefromError):
    """A sweep that cannot be started or gone on with."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return self.what

    @property
    def hint(self) -> str:
        return self.remedy
