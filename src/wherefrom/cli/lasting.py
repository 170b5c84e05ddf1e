"""The commands about what lasts: results that can be had, kept and made again."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.cli.shared import looking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.commands.audit import Verdicts
    from wherefrom.commands.reproduce import Env
    from wherefrom.verification.collect import Verified

_env = click.option(
    "--env",
    "environment",
    type=click.Choice(["lock", "current"]),
    default="lock",
    show_default=True,
    help="The environment: that of the commit's lock file, or this one.",
)
_jobs = click.option("--jobs", type=click.IntRange(1), default=1, help="How many at once.")


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

    gc.set_threshold(100_000)  # of what is made nearly all is kept: a seventh of the time
    levels, bar = Levels(data=data_, remote=remote), shared.progress("reading bytes")
    with looking(as_json=as_json, empty={"results": []}) as view:
        found = command.verify(view, addresses, Path.cwd(), levels, bar)
    click.echo(render.verification_json(found) if as_json else render.verification(found), nl=False)
    sys.exit(0 if found.is_whole else 1)


@cli.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@_env
@_jobs
@click.option("--keep", is_flag=True, help="Leave the clone, and say where it is.")
@click.option(
    "--tolerance",
    type=shared.Finite(0),
    default=1e-6,
    show_default=True,
    help="By how much metrics may differ, relative to the larger.",
)
@shared.as_json
def reproduce(
    addresses: tuple[str, ...],
    *,
    environment: Env,
    jobs: int,
    keep: bool,
    tolerance: float,
    as_json: bool,
) -> None:
    """Make results again, elsewhere, and compare every byte. This runs the code of their commits.

    The verdict is identical, equivalent (other bytes, and the same metrics), different, or
    impossible.
    """
    from wherefrom.commands import reproduce as command  # noqa: PLC0415
    from wherefrom.render import reproduced as render  # noqa: PLC0415

    options = command.Options(environment, jobs, keep, tolerance)
    done = []
    with looking(as_json=as_json) as view:
        plans = command.plan(view, addresses, Path.cwd(), options)
        click.echo(render.warning(plans), err=True, nl=False)
        for one in command.reproduce(view, plans, os.environ, options, _told):
            done.append(one)
            if not as_json:
                click.echo(render.reproduction(one), nl=False)
    if as_json:
        click.echo(render.reproductions_json(done), nl=False)
    sys.exit(1 if any(one.verdict in {"different", "impossible"} for one in done) else 0)


def _told(key: str, line: str) -> None:
    click.echo(f"{key[:8]}  {line}", err=True)


@cli.command()
@click.option("--reproduce", "sample", metavar="N|all", help="Make N results again, or all.")
@click.option("--seed", default=0, show_default=True, help="What the N are drawn by.")
@_env
@_jobs
@click.option("--data", "data_", is_flag=True, help="Read every byte, and compare its hash.")
@click.option("--remote", is_flag=True, help="Ask the remotes of git and DVC, too.")
@click.option(
    "--fail-under",
    type=shared.Finite(0, 100),
    default=100.0,
    show_default=True,
    help="End with 1 where a share is smaller, in percent.",
)
@click.option("--markdown", is_flag=True, help="Write Markdown.")
@shared.as_json
def audit(
    *,
    sample: str | None,
    seed: int,
    environment: Env,
    jobs: int,
    data_: bool,
    remote: bool,
    fail_under: float,
    markdown: bool,
    as_json: bool,
) -> None:
    """Show how many of all results can be traced, had, and made again with the same bytes."""
    if markdown and as_json:
        raise click.UsageError("--markdown and --json exclude each other")
    if sample not in {None, "all"} and not str(sample).isdecimal():
        raise click.BadParameter("a number, or all", param_hint="--reproduce")
    from wherefrom.commands import audit as command  # noqa: PLC0415
    from wherefrom.commands.reproduce import Options  # noqa: PLC0415
    from wherefrom.problems import Levels  # noqa: PLC0415
    from wherefrom.render import audited as render  # noqa: PLC0415

    count = int(sample) if sample and sample != "all" else None
    options = Options(environment, jobs)
    gc.set_threshold(100_000)  # of what is made nearly all is kept: a seventh of the time
    levels, bar = Levels(data=data_, remote=remote), shared.progress("reading bytes")
    with looking(as_json=as_json, empty={"results": []}) as view:

        def again(results: Sequence[Verified]) -> Verdicts:
            drawn = command.drawn(results, count, seed)
            click.echo(f"this runs the code of {len(drawn.results)} results", err=True)
            return command.make_again(view, drawn, os.environ, options, _told)

        found = command.audit(view, levels, again if sample else None, bar)
    shown = render.audit_markdown if markdown else render.audit_json if as_json else render.audit
    click.echo(shown(found), nl=False)
    sys.exit(1 if found.gaps or found.is_under(fail_under) else 0)


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
