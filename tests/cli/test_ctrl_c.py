"""Ctrl-C as a line is being written: the line and the answer are both there."""

from __future__ import annotations

import io
import signal
import sys
from functools import partial
from unittest.mock import Mock

import pytest

from wherefrom.cli import sweeps


class Interrupting(io.RawIOBase):
    """A terminal at which somebody presses Ctrl-C while it shows a line."""

    def writable(self) -> bool:
        return True

    def write(self, text: object) -> int:
        signal.raise_signal(signal.SIGINT)
        return len(bytes(text))  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    ("stopped", "said"), [(False, "finishing what runs"), (True, "stopping what runs")]
)
def test_a_sweep_hears_ctrl_c_in_the_middle_of_a_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], said: str, *, stopped: bool
) -> None:
    swept = Mock()
    swept.sweep.is_stopped = stopped
    stream = io.TextIOWrapper(io.BufferedWriter(Interrupting()), line_buffering=True)
    monkeypatch.setattr(sys, "stderr", stream)
    former = signal.signal(signal.SIGINT, partial(sweeps._stop, swept))
    try:
        stream.write("a line\n")
    finally:
        signal.signal(signal.SIGINT, former)

    swept.sweep.stop.assert_called_once_with()
    assert said in capfd.readouterr().err
