"""The commands that do something."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli


@cli.command()
@click.option("--rebuild", is_flag=True, help="Make also the runs anew that MLflow has lost.")
@click.option("--watch", is_flag=True, help="Go on, whenever git or DVC change, until Ctrl-C.")
@click.option("--beside", type=int, hidden=True, help="End with this process, the parent.")
@shared.as_json
def sync(*, rebuild: bool, watch: bool, beside: int | None, as_json: bool) -> None:
    """Bring MLflow up to date with git and DVC: late runs, missing runs, links."""
    from wherefrom.commands import sync as command  # noqa: PLC0415
    from wherefrom.commands import watch as watching  # noqa: PLC0415
    from wherefrom.render import summary as render  # noqa: PLC0415

    if watch:
        parent = beside or os.getppid()
        watching.watch(Path.cwd(), os.environ, lambda text: click.echo(text, err=True), parent)
        return
    done = command.sync(
        Path.cwd(), os.environ, rebuild=rebuild, progress=shared.progress("making runs")
    )
    click.echo(render.sync_json(done) if as_json else render.sync(done), nl=False)
    sys.exit(1 if done.gaps else 0)


@cli.command()
@click.option("--port", default=5000, show_default=True, help="The port to try first.")
def ui(*, port: int) -> None:
    """Open MLflow's UI on the project's runs."""
    from wherefrom.commands import ui as command  # noqa: PLC0415
    from wherefrom.render import text  # noqa: PLC0415

    server = command.plan(Path.cwd(), os.environ, port)
    click.echo(text.gaps(server.gaps), nl=False)
    if server.taken is not None:
        click.echo(f"port {server.taken} is taken")
    what = "it" if server.command else "the sync beside it"
    click.echo(f"MLflow's UI: {server.url}   (Ctrl-C ends {what})")
    command.serve(server)
