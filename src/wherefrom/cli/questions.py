"""The commands that answer questions, and change nothing."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wherefrom import files
from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.cli.shared import looking
from wherefrom.errors.answers import NoResultsError
from wherefrom.errors.project import NotAProjectError

if TYPE_CHECKING:
    from wherefrom.metrics import Way


@cli.command()
@shared.as_json
def summary(*, as_json: bool) -> None:
    """Show the result that the workspace holds."""
    from wherefrom.commands import summary as command  # noqa: PLC0415 - only the command at hand
    from wherefrom.project import dvc_root  # noqa: PLC0415
    from wherefrom.render import summary as render  # noqa: PLC0415

    result = command.collect(dvc_root(Path.cwd()))
    with suppress(NotAProjectError), looking(as_json=as_json) as view:  # outside of git: as it is
        result = command.placed(result, view)
    click.echo(render.summary_json(result) if as_json else render.summary(result), nl=False)


@cli.command()
@click.argument("address")
@shared.as_json
def trace(address: str, *, as_json: bool) -> None:
    """Show what made a result: data, code, parameters, environment.

    ADDRESS is a record or run id (six characters or more), the name of a run or an experiment, a
    git revision, `workspace`, models:/NAME/VERSION, the path or the hash of an output, or
    METRIC=VALUE.
    """
    from wherefrom.commands import trace as command  # noqa: PLC0415
    from wherefrom.render import traced, traced_json  # noqa: PLC0415

    with looking(as_json=as_json) as view:
        found = command.trace(view, address, Path.cwd())
    click.echo(traced_json.trace_json(found) if as_json else traced.trace(found), nl=False)
    sys.exit(1 if found.gaps else 0)


@cli.command()
@click.option("--sort", metavar="METRIC", help="The best by this metric first; else the newest.")
@shared.better
@click.option("--plan", is_flag=True, help="What was expected of each, against what came.")
@click.option("--status", multiple=True, help="Those with this status alone.")
@click.option("--not-status", multiple=True, help="Those without this status, such as discarded.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, with all metrics and parameters.")
@shared.as_json
def ls(
    *,
    sort: str | None,
    better: Way | None,
    plan: bool,
    status: tuple[str, ...],
    not_status: tuple[str, ...],
    as_csv: bool,
    as_json: bool,
) -> None:
    """List every result: experiment, commit, run, relation, data, metrics, changed parameters."""
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    from wherefrom.commands import ls as command  # noqa: PLC0415
    from wherefrom.render import listing as render  # noqa: PLC0415
    from wherefrom.render import planned, text  # noqa: PLC0415

    with looking(as_json=as_json, empty={"results": []}) as view:
        found = command.entries(view)
        if not found:
            raise NoResultsError
        found = command.ranked(view, found, sort, better) if sort else found
        found = command.of_status(found, status, not_status)
    shown = [entry for entry in found if entry.plan] if plan else found
    if as_csv:
        click.echo(render.results_csv(shown), nl=False)
        click.echo(text.gaps(view.gaps), nl=False, err=True)
    elif as_json:
        click.echo(render.results_json(shown, view.gaps), nl=False)
    elif plan:
        click.echo(planned.plans(found, view.gaps), nl=False)
    else:
        metrics = render.shown_metrics(found, sort)
        click.echo(render.results(found, metrics, view.gaps), nl=False)
    sys.exit(1 if view.gaps else 0)


@cli.command()
@shared.metric
@shared.better
@shared.as_json
def best(*, metric: str | None, better: Way | None, as_json: bool) -> None:
    """Show the best result; where several are alike, all of them."""
    from wherefrom.commands import best as command  # noqa: PLC0415
    from wherefrom.render import listing as render  # noqa: PLC0415

    nothing: dict[str, Any] = {"metric": None, "value": None, "way": None}
    empty = nothing | {"results": [], "other_tables": []}
    with looking(as_json=as_json, empty=empty) as view:
        found = command.best(view, metric, better)
    click.echo(render.best_json(found) if as_json else render.best(found), nl=False)
    sys.exit(1 if found.gaps else 0)


@cli.command()
@click.argument("first")
@click.argument("second")
@shared.as_json
def diff(first: str, second: str, *, as_json: bool) -> None:
    """Show what two results differ in: data, code, parameters, environment, metrics."""
    from wherefrom.commands import diff as command  # noqa: PLC0415
    from wherefrom.commands import trace as tracing  # noqa: PLC0415
    from wherefrom.render import compared as render  # noqa: PLC0415

    with looking(as_json=as_json) as view:
        one, two = (tracing.trace(view, address, Path.cwd()) for address in (first, second))
    found = command.diff(one, two)
    click.echo(render.diff_json(found) if as_json else render.diff(found), nl=False)
    sys.exit(0 if found.is_empty and not found.gaps else 1)


@cli.command()
@shared.metric
@shared.better
@shared.as_json
def data(*, metric: str | None, better: Way | None, as_json: bool) -> None:
    """List the versions of each raw table, and the best result of each."""
    from wherefrom.commands import data as command  # noqa: PLC0415
    from wherefrom.render import compared as render  # noqa: PLC0415

    with looking(as_json=as_json, empty={"metric": None, "versions": []}) as view:
        found = command.data(view, metric, better)
    click.echo(render.data_json(found) if as_json else render.data(found), nl=False)
    sys.exit(1 if found.gaps else 0)


@cli.command()
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@click.option("-o", "--output", metavar="FILE", help="Write to a file; else to the terminal.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "md"]),
    help="A page (html), or a short form for a comment (md); html if the file does not tell.",
)
@shared.metric
@shared.better
@shared.as_json
def report(
    addresses: tuple[str, ...],
    *,
    output: str | None,
    form: str | None,
    metric: str | None,
    better: Way | None,
    as_json: bool,
) -> None:
    """Write one page on all results, with those of ADDRESS side by side; else the best few.

    It is one file that needs no network: leaderboard, charts, lineage and audit.
    """
    if as_json and form:
        raise click.UsageError("--json and --format exclude each other")
    is_short = form == "md" or (form is None and str(output).endswith(".md"))
    is_page = not is_short and not as_json
    if is_page and output is None and sys.stdout.isatty():
        raise click.UsageError("name a file for the page: -o report.html")
    from wherefrom import address  # noqa: PLC0415
    from wherefrom.commands import handover  # noqa: PLC0415
    from wherefrom.commands import report as command  # noqa: PLC0415
    from wherefrom.render.report import markdown, page  # noqa: PLC0415

    if len(addresses) > command.MOST:
        raise click.UsageError(f"{command.MOST} addresses at most stand side by side")
    gc.set_threshold(100_000)  # of what is made nearly all is kept: a seventh of the time
    with looking(as_json=as_json, empty={"chosen": [], "results": []}) as view:
        if output is not None:
            handover.check_page(view.project, address.place(Path.cwd(), output))
        found = command.report(view, addresses, Path.cwd(), metric, better, drawn=is_page)
    shown = page.page if is_page else markdown.as_json if as_json else markdown.comment
    _write(shown(found), output)
    sys.exit(1 if found.gaps else 0)


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    files.write(Path(output), text)
    click.echo(f"{output}: {len(text.encode()) / 1e6:.1f} MB", err=True)
