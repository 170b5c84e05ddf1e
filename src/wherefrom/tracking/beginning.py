"""What is known of a run as its stage starts: the journal's entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import card, datasets, plans, tags
from wherefrom import process as processes
from wherefrom.journal import Entry
from wherefrom.names import DATA_HASH
from wherefrom.uris import store_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wherefrom.context import Context
    from wherefrom.record import Gap
    from wherefrom.tracking.standing import Standing


def entry(
    context: Context, standing: Standing, said: Mapping[str, str], gaps: Sequence[Gap]
) -> tuple[Entry, tuple[Gap, ...]]:
    """Make the entry of a stage that starts, and the gaps that showed on the way.

    `said` are the tags that the stage or its settings set; `gaps` those that are known before.
    """
    subject = tags.running(context.stage)
    table, more = tags.data_hash(subject.raw, context.settings.data_path)
    data = datasets.of_raw(subject.raw, context.git)
    marks = tags.stage_tags(
        standing.record_id,
        subject,
        context.git,
        context.observed.facts,
        (context.experiment, context.baseline),
    )
    marks |= tags.of_source(subject)
    data_hash = table.get(DATA_HASH)
    if standing.owns:
        marks, table = tags.of_evaluation(marks), {}
        nested = {}
    else:
        nested = tags.of_parent(context.environ)
    marks |= dict(said) | table | nested | standing.tags()
    marks |= tags.gaps_tag([*gaps, *more]) | tags.of_process()
    marks |= {} if standing.owns else card.described(marks)
    made = Entry(
        record_id=standing.record_id,
        stage=context.stage.address,
        store=store_name(context.project.anchor, context.tracking_uri),
        action="continue" if standing.owns else "create",
        mlflow_experiment=context.settings.mlflow_experiment,
        run_name=standing.run_name(context),
        started=context.started,
        process=processes.current(),
        params=context.params | plans.params(standing.plan(context)),
        tags=marks,
        data=data,
        table=next((item for item in data if item.hash == data_hash), None),
    )
    return made, tuple(more)
