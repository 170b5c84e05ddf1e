"""The command that runs many variants."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherefrom.cli import shared
from wherefrom.cli.group import cli
from wherefrom.errors.sweeps import SweepError

if TYPE_CHECKING:
    from types import FrameType

    from tqdm import tqdm

    from wherefrom.commands.sweep import Swept
    from wherefrom.sweeping.messages import Report


@cli.command()
@click.option(
    "-S",
    "--set-param",
    "overrides",
    multiple=True,
    metavar="KEY=VALUES",
    help="What to vary, or to set; may be given several times.",
)
@click.option("--name", metavar="NAME", help="Of the sweep, and the beginning of each variant's.")
@click.option(
    "--sampler", default="grid", show_default=True, help="grid, random, or one of Optuna's: tpe."
)
@click.option("--trials", type=click.IntRange(1), metavar="N", help="How many, if not a grid.")
@click.option("--seed", default=0, show_default=True, help="What a sampler draws by.")
@shared.metric
@click.option(
    "--direction",
    type=click.Choice(["maximize", "minimize"]),
    help="Which values of the metric are better; its name tells if not given.",
)
@click.option("--pruner", metavar="NAME", help="Give up poor variants by fold: median, hyperband.")
@click.option("--jobs", type=click.IntRange(1), help="How many at once; one on each core if not.")
@click.option("--resume", is_flag=True, help="Go on with the last sweep, or that of --name.")
@shared.as_json
def sweep(
    overrides: tuple[str, ...],
    *,
    name: str | None,
    sampler: str,
    trials: int | None,
    seed: int,
    metric: str | None,
    direction: str | None,
    pruner: str | None,
    jobs: int | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Run variants of the pipeline, each as a DVC experiment with its own run in MLflow.

    KEY=VALUES is what `dvc exp run --queue --set-param` takes: `a=1,2`, `a=range(3,9)`,
    `a=choice(x,y)`; for samplers also `a=interval(0.01,0.3)`, `a=tag(log,interval(1e-4,1))`.
    """
    if resume == bool(overrides):
        raise click.UsageError("say what to vary with -S, or --resume")
    if resume:
        _refuse_other_questions()
    from wherefrom.commands import sweep as command  # noqa: PLC0415
    from wherefrom.sweeping.request import Asked  # noqa: PLC0415

    if metric is not None:
        _warn_of_test_data(metric)
    here = (Path.cwd(), os.environ)
    better = {"maximize": "larger", "minimize": "smaller", None: None}[direction]
    asked = Asked(overrides, name, sampler, trials, seed, metric, better, pruner, jobs)
    again = (*here, name, jobs, trials)
    started = command.resume(*again) if resume else command.start(*here, asked)
    with started as swept:
        _follow(swept)
    chosen = swept.sweep.definition.metric
    if metric is None and chosen is not None:
        _warn_of_test_data(chosen)
    _show(swept, as_json=as_json)
    failed = any(one.state in {"failed", "stopped"} for one in swept.sweep.reports.values())
    sys.exit(130 if swept.sweep.is_stopped else 1 if failed else 0)


def _refuse_other_questions() -> None:
    """Refuse options that a sweep which goes on would not heed."""
    context = click.get_current_context()
    given = click.core.ParameterSource.COMMANDLINE
    names = ("sampler", "seed", "metric", "direction", "pruner")
    if other := [name for name in names if context.get_parameter_source(name) is given]:
        raise click.UsageError(f"--resume goes on as it was begun: drop --{', --'.join(other)}")


def _warn_of_test_data(metric: str) -> None:
    if metric.rpartition(":")[2].startswith("test."):
        click.echo(
            f"wherefrom: {metric} is of the test data: what is chosen by it is tuned on them, and "
            "they say no more how good it is; a cv.* metric is not",
            err=True,
        )


def _follow(swept: Swept) -> None:
    """Run it to its end and show how far it is; the first Ctrl-C lets what runs finish."""
    from tqdm import tqdm  # noqa: PLC0415

    from wherefrom.render import swept as render  # noqa: PLC0415

    sweep = swept.sweep
    click.echo(render.beginning(swept), err=True, nl=False)
    former = signal.signal(signal.SIGINT, lambda number, frame: _stop(swept, number, frame))
    with tqdm(
        total=swept.size,
        initial=sweep.ended,
        unit="variant",
        dynamic_ncols=True,
        disable=None,  # where nobody looks, lines are better
    ) as bar:
        try:
            for report in sweep.run():
                _tell(bar, swept, report)
        except SweepError:
            if sweep.running:
                bar.write(f"waiting for {sweep.running} that still run", file=sys.stderr)
            sweep.drain()
            raise
        finally:
            signal.signal(signal.SIGINT, former)


def _stop(swept: Swept, _number: int, _frame: FrameType | None) -> None:
    last = "stopping what runs; Ctrl-C again kills it"
    text = last if swept.sweep.is_stopped else "finishing what runs; Ctrl-C again stops it"
    with suppress(OSError):  # nobody listens any more
        os.write(2, f"\n{text}\n".encode())  # `sys.stderr` refuses it in the middle of a line
    swept.sweep.stop()


def _tell(bar: tqdm[None], swept: Swept, report: Report | None) -> None:
    from wherefrom.render import swept as render  # noqa: PLC0415

    if report is None:
        bar.refresh()  # the time goes on
        return
    bar.set_postfix_str(render.state(swept), refresh=False)
    bar.update()
    if bar.disable or report.state in {"failed", "stopped"}:
        bar.write(render.line(swept, report), file=sys.stderr)


def _show(swept: Swept, *, as_json: bool) -> None:
    from wherefrom.render import swept as render  # noqa: PLC0415

    click.echo(render.sweep_json(swept) if as_json else render.sweep(swept), nl=False)
