"""The command line: parse, call, render, exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

import click

from wherefrom.cli import (  # noqa: F401 - commands are brought in
    adopting,
    deeds,
    lasting,
    questions,
    remarks,
    sweeps,
    using,
)
from wherefrom.cli.group import cli
from wherefrom.errors.index import IndexDamagedError
from wherefrom.errors.project import foreseen

_UNEXPECTED = 3


def main() -> None:
    """Run the command line: the one boundary at which errors become messages and exit codes."""
    try:
        _run()
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - what nobody foresaw has a log
        sys.exit(_said(error))


def _said(error: Exception) -> int:
    """Print one message for an error, and give its exit code."""
    known = foreseen(error)
    if known is None:
        click.echo(f"wherefrom: unexpected: {type(error).__name__}: {error}", err=True)
        click.echo(f"  the whole traceback is in {_log()}", err=True)
        return _UNEXPECTED
    click.echo(f"wherefrom: {known}", err=True)
    if known.hint:
        click.echo(f"  {known.hint}", err=True)
    return known.exit_code


def _run() -> None:
    """Run a command; once more where its index was found to be damaged, and is made anew."""
    try:
        cli(standalone_mode=False)
    except IndexDamagedError:
        cli(standalone_mode=False)


def _log() -> str:
    handle, name = tempfile.mkstemp(prefix="wherefrom-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return name
