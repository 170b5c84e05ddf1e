"""The commands that hand a result over: to rows that are to be predicted, to those who serve it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.cli.shared import looking

if TYPE_CHECKING:
    from wherefrom.commands.reproduce import Env

_file = click.Path(dir_okay=False, path_type=Path)
_readable = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@cli.command()
@click.argument("address")
@click.argument("table", type=_readable)
@click.option("-o", "--output", type=_file, required=True, help="Where to: a CSV file.")
@click.option(
    "--env",
    "environment",
    type=click.Choice(["lock", "current"]),
    default="current",
    show_default=True,
    help="The environment: that of the commit's lock file, or this one.",
)
@shared.as_json
def predict(address: str, table: Path, output: Path, *, environment: Env, as_json: bool) -> None:
    """Predict a table by the model of a result, with the code of its commit.

    The model's bytes are compared with the ledger before it is loaded. What made the predictions is
    written beside them, so `wherefrom trace` leads from there to data, code and parameters.
    """
    if output.suffix.lower() != ".csv":
        raise click.BadParameter("give it a name that ends in .csv", param_hint="--output")
    if output.resolve() == table.resolve():
        raise click.BadParameter("that is the table itself", param_hint="--output")
    from wherefrom.commands import predict as command  # noqa: PLC0415
    from wherefrom.render import predicted as render  # noqa: PLC0415

    asked = command.Request(address, table.resolve(), output.absolute(), environment)
    with looking(as_json=as_json) as view:
        found = command.predict(view, asked, os.environ)
    click.echo(render.predicted_json(found) if as_json else render.predicted(found), nl=False)
