"""The commands about what lasts: whether results can still be had, and keeping them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.cli.shared import looking


@cli.command()
@click.argument("addresses", nargs=-1, metavar="ADDRESS...")
@click.option("--all", "every", is_flag=True, help="Every result of every commit and experiment.")
@click.option("--data", "data_", is_flag=True, help="Read every byte, and compare its hash.")
@click.option("--remote", is_flag=True, help="Ask the remotes of git and DVC, too.")
@shared.as_json
def verify(
    addresses: tuple[str, ...], *, every: bool, data_: bool, remote: bool, as_json: bool
) -> None:
    """Look whether results can still be had: commit, data, outputs, run, model. Nothing is run."""
    if every == bool(addresses):
        raise click.UsageError("give addresses, or --all")
    from wherefrom.commands import verify as command  # noqa: PLC0415
    from wherefrom.problems import Levels  # noqa: PLC0415
    from wherefrom.render import verified as render  # noqa: PLC0415

    levels, bar = Levels(data=data_, remote=remote), shared.progress("reading bytes")
    with looking(as_json=as_json, empty={"results": []}) as view:
        found = command.verify(view, addresses, Path.cwd(), levels, bar)
    click.echo(render.verification_json(found) if as_json else render.verification(found), nl=False)
    sys.exit(0 if found.is_whole else 1)


@cli.command()
@click.argument("address")
@click.option("--name", metavar="TAG", help="The name of the tag; kept/ID if not given.")
@shared.as_json
def keep(address: str, *, name: str | None, as_json: bool) -> None:
    """Keep a result for good: a git tag, which `dvc gc --all-tags` and `git gc` respect."""
    from wherefrom.commands import keep as command  # noqa: PLC0415
    from wherefrom.render import kept as render  # noqa: PLC0415

    with looking(as_json=as_json) as view:
        found = command.keep(view, address, Path.cwd(), name)
    click.echo(render.kept_json(found) if as_json else render.kept(found), nl=False)
