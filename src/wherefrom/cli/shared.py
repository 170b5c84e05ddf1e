"""What commands share: options, a look at the project, a bar."""

from __future__ import annotations

import difflib
import math
import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wherefrom.cli.group import cli
from wherefrom.errors.answers import AmbiguousAddressError, NoResultsError, UnknownAddressError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.view import View

as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")

better = click.option(
    "--better",
    type=click.Choice(["larger", "smaller"]),
    help="Which values of the metric are better; its name tells if not given.",
)

metric = click.option(
    "--metric", metavar="METRIC", help="By which; the cross-validated score if not given."
)


class Finite(click.FloatRange):
    """A number in a range: none that compares with no other, and none without end."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Convert as click does, and refuse what is not finite."""
        found = float(super().convert(value, param, ctx))
        return found if math.isfinite(found) else self.fail(f"{value} is not finite.", param, ctx)


@contextmanager
def looking(*, as_json: bool, empty: dict[str, Any] | None = None) -> Iterator[View]:
    """Look at the project; of an address with several results, show them.

    `empty` is what a list is, as JSON, where there is no result at all.
    """
    from wherefrom.view import look  # noqa: PLC0415

    bars = (progress("reading the history"), progress("hashing the workspace"))
    with look(Path.cwd(), os.environ, *bars) as view:
        try:
            yield view
        except AmbiguousAddressError as error:
            _show_candidates(view, error, as_json=as_json)
            raise
        except NoResultsError:
            if as_json and empty is not None:
                _show_empty(view, empty)
            raise
        except UnknownAddressError as error:
            meant = difflib.get_close_matches(error.address, cli.commands, 1, 0.75)
            commands = tuple(f"the command `wherefrom {name}`" for name in meant)
            raise replace(error, nearest=(*commands, *error.nearest)) from None


def _show_candidates(view: View, error: AmbiguousAddressError, *, as_json: bool) -> None:
    from wherefrom.commands import ls as command  # noqa: PLC0415
    from wherefrom.render import listing as render  # noqa: PLC0415

    found = command.entries(view, error.keys)
    metrics = render.shown_metrics(found, None)
    shown = render.results_json(found) if as_json else render.results(found, metrics)
    click.echo(shown, nl=False)


def _show_empty(view: View, empty: dict[str, Any]) -> None:
    from wherefrom.render import text  # noqa: PLC0415

    click.echo(text.as_json({**empty, "gaps": text.gaps_json(view.gaps)}), nl=False)


def progress(what: str) -> Any:  # noqa: ANN401
    """Show how far it is where something takes more than a second."""
    bars: list[Any] = []

    def tell(done: int, whole: int) -> None:
        if not bars:
            from tqdm import tqdm  # noqa: PLC0415

            bars.append(tqdm(total=whole, desc=what, delay=1, leave=False))
        bars[0].update(done - bars[0].n)
        if done == whole:
            bars[0].close()

    return tell
