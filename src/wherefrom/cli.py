"""Parse, call, render, exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from wherefrom import __version__
from wherefrom.errors import WherefromError

_UNEXPECTED = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wherefrom")
def cli() -> None:
    """Every number has an address: from a result to its data, code, parameters, environment."""


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def summary(*, as_json: bool) -> None:
    """Show the result that the workspace holds."""
    from wherefrom import render  # noqa: PLC0415 - only the command at hand is imported
    from wherefrom.commands import summary as command  # noqa: PLC0415
    from wherefrom.project import dvc_root  # noqa: PLC0415

    result = command.collect(dvc_root(Path.cwd()))
    click.echo(render.summary_json(result) if as_json else render.summary(result), nl=False)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def sync(*, as_json: bool) -> None:
    """Log the runs that wait on disk since the store could not be reached."""
    from wherefrom import render  # noqa: PLC0415
    from wherefrom.commands import sync as command  # noqa: PLC0415

    done = command.sync(Path.cwd(), os.environ)
    click.echo(render.sync_json(done) if as_json else render.sync(done), nl=False)
    sys.exit(1 if done.waiting else 0)


@cli.command()
@click.option("--port", default=5000, show_default=True, help="The port to try first.")
def ui(*, port: int) -> None:
    """Open MLflow's UI on the project's runs."""
    from wherefrom.commands import ui as command  # noqa: PLC0415

    server = command.plan(Path.cwd(), os.environ, port)
    if server.port != server.wanted:
        click.echo(f"port {server.wanted} is taken")
    click.echo(f"MLflow's UI: http://127.0.0.1:{server.port}   (Ctrl-C ends it)")
    command.serve(server)


def main() -> None:
    """Run the command line: the one boundary at which errors become messages and exit codes."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except WherefromError as error:
        click.echo(f"wherefrom: {error}", err=True)
        if error.hint:
            click.echo(f"  {error.hint}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - everything else has a log
        click.echo(f"wherefrom: unexpected: {type(error).__name__}: {error}", err=True)
        click.echo(f"  the whole traceback is in {_log()}", err=True)
        sys.exit(_UNEXPECTED)


def _log() -> str:
    handle, name = tempfile.mkstemp(prefix="wherefrom-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return name


if __name__ == "__main__":
    main()
