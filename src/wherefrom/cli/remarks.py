"""The command that says something of results afterwards."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.cli.shared import looking


@cli.command()
@click.argument("words", nargs=-1, required=True, metavar="ADDRESS... NAME=VALUE...")
@shared.as_json
def tag(words: tuple[str, ...], *, as_json: bool) -> None:
    """Say of results what you think of them: status, note, experiment_type.

    `status=` with nothing after it takes back what was said. It is kept in git, as a note on the
    result's record, and set as tags of its run.
    """
    from wherefrom.commands import tag as command  # noqa: PLC0415
    from wherefrom.render import told as render  # noqa: PLC0415

    addresses, tags = _split(words)
    with looking(as_json=as_json) as view:
        said = command.tag(view, addresses, tags, Path.cwd())
        gaps = [*dict.fromkeys(gap for one in said for gap in one.gaps), *view.gaps]
    click.echo(render.said_json(said, gaps) if as_json else render.said(said, gaps), nl=False)
    sys.exit(1 if gaps else 0)


def _split(words: tuple[str, ...]) -> tuple[list[str], dict[str, str | None]]:
    """Tell tags from addresses: `test.accuracy=0.9` is one, too."""
    from wherefrom.remarks import TAGS  # noqa: PLC0415

    addresses: list[str] = []
    tags: dict[str, str | None] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in tags:
            raise click.UsageError(f"say one thing of {name}: it is given twice")
        if equals and name in TAGS:
            tags[name] = value.strip() or None
        elif equals and (near := difflib.get_close_matches(name, TAGS, 1)):
            raise click.UsageError(f"there is no tag {name}; did you mean {near[0]}?")
        else:
            addresses.append(word)
    if not (addresses and tags):
        raise click.UsageError(f"give addresses, and what to say: {', '.join(TAGS)}, as NAME=VALUE")
    return addresses, tags
