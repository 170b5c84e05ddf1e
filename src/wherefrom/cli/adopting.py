"""The command for a project that is there already."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli


@cli.command()
@click.option("--yes", is_flag=True, help="Make the changes without a question.")
@shared.as_json
def init(*, yes: bool, as_json: bool) -> None:
    """Propose what helps a project that is there already, and do it on a yes.

    Record files in dvc.yaml, of stages whose script calls wherefrom.start_run; and lines of
    .gitignore and .dvcignore for stores and environments. Ends with 1 where something is left.
    """
    from wherefrom.commands import init as command  # noqa: PLC0415
    from wherefrom.render import proposed as render  # noqa: PLC0415

    found = command.propose(Path.cwd(), os.environ)
    if not as_json:
        click.echo(render.proposal(found) or "nothing to change\n", nl=False)
    applied = bool(found.changes) and (yes or (not as_json and _agreed()))
    if applied:
        command.apply(found)
    if as_json:
        click.echo(render.proposal_json(found, applied=applied), nl=False)
    elif found.changes:
        click.echo("changed" if applied else "nothing was changed; `--yes` does it")
    sys.exit(1 if found.gaps or (found.changes and not applied) else 0)


def _agreed() -> bool:
    """Ask, where somebody is there to answer."""
    return sys.stdin.isatty() and click.confirm("Make these changes?")
