"""The command line: parse, call, render, exit code."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
import traceback
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wherefrom.errors import (
    AmbiguousAddressError,
    IndexDamagedError,
    NoResultsError,
    NotAProjectError,
    UnknownAddressError,
    WherefromError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.commands.reproduce import Env
    from wherefrom.metrics import Way
    from wherefrom.view import View

_UNEXPECTED = 3


class _Commands(click.Group):
    """`wherefrom ADDRESS` alone means `wherefrom trace ADDRESS`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            args = ["trace", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wherefrom")
def cli() -> None:
    """From any result to the data, code, parameters and environment that made it."""


_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@cli.command()
@_json
def summary(*, as_json: bool) -> None:
    """Show the result that the workspace holds."""
    from wherefrom.commands import summary as command  # noqa: PLC0415 - only the command at hand
    from wherefrom.project import dvc_root  # noqa: PLC0415
    from wherefrom.render import summary as render  # noqa: PLC0415

    result = command.collect(dvc_root(Path.cwd()))
    with suppress(NotAProjectError), _looking(as_json=as_json) as view:  # outside of git: as it is
        result = command.placed(result, view)
    click.echo(render.summary_json(result) if as_json else render.summary(result), nl=False)


@cli.command()
@click.argument("address")
@_json
def trace(address: str, *, as_json: bool) -> None:
    """Show what made a result: data, code, parameters, environment.

    ADDRESS is a record or run id (six characters or more), the name of a run or an experiment, a
    git revision, `workspace`, models:/NAME/VERSION, the path or the hash of an output, or
    METRIC=VALUE.
    """
    from wherefrom.commands import trace as command  # noqa: PLC0415
    from wherefrom.render import traced as render  # noqa: PLC0415

    with _looking(as_json=as_json) as view:
        found = command.trace(view, address, Path.cwd())
    click.echo(render.trace_json(found) if as_json else render.trace(found), nl=False)
    sys.exit(1 if found.gaps else 0)


_better = click.option(
    "--better",
    type=click.Choice(["larger", "smaller"]),
    help="Which values of the metric are better; its name tells if not given.",
)


@cli.command()
@click.option("--sort", metavar="METRIC", help="The best by this metric first; else the newest.")
@_better
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, with all metrics and parameters.")
@_json
def ls(*, sort: str | None, better: Way | None, as_csv: bool, as_json: bool) -> None:
    """List every result: experiment, commit, run, relation, data, metrics, changed parameters."""
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    from wherefrom.commands import ls as command  # noqa: PLC0415
    from wherefrom.render import listing as render  # noqa: PLC0415
    from wherefrom.render import text  # noqa: PLC0415

    with _looking(as_json=as_json, empty={"results": []}) as view:
        found = command.entries(view)
        if not found:
            raise NoResultsError
        found = command.ranked(view, found, sort, better) if sort else found
    if as_csv:
        click.echo(render.results_csv(found), nl=False)
        click.echo(text.gaps(view.gaps), nl=False, err=True)
    elif as_json:
        click.echo(render.results_json(found, view.gaps), nl=False)
    else:
        metrics = render.shown_metrics(found, sort)
        click.echo(render.results(found, metrics, view.gaps), nl=False)
    sys.exit(1 if view.gaps else 0)


@cli.command()
@click.option(
    "--metric", metavar="METRIC", help="By which; the cross-validated score if not given."
)
@_better
@_json
def best(*, metric: str | None, better: Way | None, as_json: bool) -> None:
    """Show the best result; where several are alike, all of them."""
    from wherefrom.commands import best as command  # noqa: PLC0415
    from wherefrom.render import listing as render  # noqa: PLC0415

    empty: dict[str, Any] = {"metric": None, "value": None, "way": None, "results": []}
    with _looking(as_json=as_json, empty=empty) as view:
        found = command.best(view, metric, better)
    click.echo(render.best_json(found) if as_json else render.best(found), nl=False)
    sys.exit(1 if found.gaps else 0)


@cli.command()
@click.argument("first")
@click.argument("second")
@_json
def diff(first: str, second: str, *, as_json: bool) -> None:
    """Show what two results differ in: data, code, parameters, environment, metrics."""
    from wherefrom.commands import diff as command  # noqa: PLC0415
    from wherefrom.commands import trace as tracing  # noqa: PLC0415
    from wherefrom.render import compared as render  # noqa: PLC0415

    with _looking(as_json=as_json) as view:
        one, two = (tracing.trace(view, address, Path.cwd()) for address in (first, second))
    found = command.diff(one, two)
    click.echo(render.diff_json(found) if as_json else render.diff(found), nl=False)
    sys.exit(0 if found.is_empty and not found.gaps else 1)


@cli.command()
@click.option(
    "--metric", metavar="METRIC", help="By which; the cross-validated score if not given."
)
@_better
@_json
def data(*, metric: str | None, better: Way | None, as_json: bool) -> None:
    """List the versions of each raw table, and the best result of each."""
    from wherefrom.commands import data as command  # noqa: PLC0415
    from wherefrom.render import compared as render  # noqa: PLC0415

    with _looking(as_json=as_json, empty={"metric": None, "versions": []}) as view:
        found = command.data(view, metric, better)
    click.echo(render.data_json(found) if as_json else render.data(found), nl=False)
    sys.exit(1 if found.gaps else 0)


@cli.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option(
    "--env",
    "environment",
    type=click.Choice(["lock", "current"]),
    default="lock",
    show_default=True,
    help="The environment: that of the commit's lock file, or this one.",
)
@click.option("--jobs", type=click.IntRange(1), default=1, help="How many at once.")
@click.option("--keep", is_flag=True, help="Leave the clone, and say where it is.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=1e-6,
    show_default=True,
    help="By how much metrics may differ, relative to the larger.",
)
@_json
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
    with _looking(as_json=as_json) as view:
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
@click.option("--rebuild", is_flag=True, help="Make also the runs anew that MLflow has lost.")
@click.option("--watch", is_flag=True, help="Go on, whenever git or DVC change, until Ctrl-C.")
@click.option("--beside", type=int, hidden=True, help="End with this process, the parent.")
@_json
def sync(*, rebuild: bool, watch: bool, beside: int | None, as_json: bool) -> None:
    """Bring MLflow up to date with git and DVC: late runs, missing runs, links."""
    from wherefrom.commands import sync as command  # noqa: PLC0415
    from wherefrom.commands import watch as watching  # noqa: PLC0415
    from wherefrom.render import summary as render  # noqa: PLC0415

    if watch:
        parent = beside or os.getppid()
        watching.watch(Path.cwd(), os.environ, lambda text: click.echo(text, err=True), parent)
        return
    done = command.sync(Path.cwd(), os.environ, rebuild=rebuild, progress=_progress("making runs"))
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
    except WherefromError as error:
        click.echo(f"wherefrom: {error}", err=True)
        if error.hint:
            click.echo(f"  {error.hint}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - everything else has a log
        click.echo(f"wherefrom: unexpected: {type(error).__name__}: {error}", err=True)
        click.echo(f"  the whole traceback is in {_log()}", err=True)
        sys.exit(_UNEXPECTED)


def _run() -> None:
    """Run a command; once more where its index was found to be damaged, and is made anew."""
    try:
        cli(standalone_mode=False)
    except IndexDamagedError:
        cli(standalone_mode=False)


@contextmanager
def _looking(*, as_json: bool, empty: dict[str, Any] | None = None) -> Iterator[View]:
    """Look at the project; of an address with several results, show them.

    `empty` is what a list is, as JSON, where there is no result at all.
    """
    from wherefrom.view import look  # noqa: PLC0415

    bars = (_progress("reading the history"), _progress("hashing the workspace"))
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


def _progress(what: str) -> Any:  # noqa: ANN401
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


def _log() -> str:
    handle, name = tempfile.mkstemp(prefix="wherefrom-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return name


if __name__ == "__main__":
    main()
