"""The commands that hand a result over: to rows that are to be predicted, to those who serve it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.cli.shared import looking
from wherefrom.promotions import target

if TYPE_CHECKING:
    from wherefrom.commands.reproduce import Env
    from wherefrom.metrics import Way

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
    from wherefrom.commands import predict as command  # noqa: PLC0415
    from wherefrom.render import predicted as render  # noqa: PLC0415

    asked = command.Request(address, table, output, environment)
    with looking(as_json=as_json) as view:
        found = command.predict(view, asked, os.environ)
    click.echo(render.predicted_json(found) if as_json else render.predicted(found), nl=False)


@cli.command()
@click.argument("address", required=False)
@click.option(
    "--as", "name", metavar="NAME[@ALIAS]", help="The model's name, and what it is to be."
)
@click.option("--why", default="", metavar="TEXT", help="A word on it, which is remembered.")
@click.option("--force", metavar="REASON", help="Overrule the gates that fail; that is remembered.")
@click.option(
    "--metric", metavar="METRIC", help="Compare by this; by the test metric if not given."
)
@shared.better
@click.option("--rollback", metavar="NAME@ALIAS", help="Give an alias back to who had it before.")
@click.option("--history", metavar="NAME", help="Show who promoted what, when and why.")
@shared.as_json
def promote(
    address: str | None,
    *,
    name: str | None,
    why: str,
    force: str | None,
    metric: str | None,
    better: Way | None,
    rollback: str | None,
    history: str | None,
    as_json: bool,
) -> None:
    """Register the model of a result in MLflow under a name, where it can be stood by.

    Everything of it can be had, a commit holds it, and it is not worse than what has the alias now.
    It is kept from then on, as by `wherefrom keep`.
    """
    asked = (bool(address and name), bool(rollback), bool(history))
    if sum(asked) != 1 or bool(address) != bool(name):
        raise click.UsageError(
            "give ADDRESS --as NAME[@ALIAS], --rollback NAME@ALIAS, or --history"
        )
    if force is not None and not force.strip():
        raise click.BadParameter("say why", param_hint="--force")
    if address and name:
        _promote(_Asked(address, *target(name), why, force, metric, better), as_json=as_json)
    elif rollback:
        _roll_back(rollback, why, as_json=as_json)
    elif history:
        _show_history(history, as_json=as_json)


class _Asked(NamedTuple):
    address: str
    name: str
    alias: str | None
    why: str
    force: str | None
    metric: str | None
    better: Way | None


def _promote(asked: _Asked, *, as_json: bool) -> None:
    from wherefrom.commands import promote as command  # noqa: PLC0415
    from wherefrom.render import promoted as render  # noqa: PLC0415

    bar = shared.progress("reading bytes")
    with looking(as_json=as_json) as view:
        found = command.promote(view, command.Request(*asked), Path.cwd(), bar)
    click.echo(render.promoted_json(found) if as_json else render.promoted(found), nl=False)
    sys.exit(0 if found.promotion else 1)


def _roll_back(uri: str, why: str, *, as_json: bool) -> None:
    from wherefrom.commands import promote as command  # noqa: PLC0415
    from wherefrom.render import promoted as render  # noqa: PLC0415

    name, alias = target(uri)
    if alias is None:
        raise click.BadParameter("give NAME@ALIAS", param_hint="--rollback")
    with looking(as_json=as_json) as view:
        found = command.roll_back(view, name, alias, why)
    click.echo(render.rolled_back_json(found) if as_json else render.rolled_back(found), nl=False)


def _show_history(name: str, *, as_json: bool) -> None:
    from wherefrom.commands import promote as command  # noqa: PLC0415
    from wherefrom.render import promoted as render  # noqa: PLC0415

    with looking(as_json=as_json) as view:
        found = command.history(view, target(name)[0])
    click.echo(render.history_json(found) if as_json else render.history(found), nl=False)
    sys.exit(0 if found else 1)
