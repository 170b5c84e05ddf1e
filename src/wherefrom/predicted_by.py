"""The result that made predictions: the file beside them names it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom import leads, predictions
from wherefrom.errors.answers import NotPredictionsError
from wherefrom.record import Gap
from wherefrom.sources import disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wherefrom.found import Found
    from wherefrom.predictions import Predictions
    from wherefrom.view import View


def of_file(view: View, path: Path) -> Iterator[Found]:
    """Find the result that made predictions, by the file beside them.

    Raises `NotPredictionsError`, also where nothing here holds that result.
    """
    if not os.path.isfile(path):  # noqa: PTH113 - `is_file` raises for a name that is too long
        return
    beside = predictions.place_of(path)
    if not os.path.isfile(beside):  # noqa: PTH113 - the same
        return
    text = beside.read_text("utf-8", "replace")
    said = predictions.from_text(text, beside.name)
    found = next(_of_predictions(view, said), None)
    if found is None:
        why = f"no commit here holds the result {said.key} (code of {said.commit_sha[:10]})"
        raise NotPredictionsError(beside.name, why)
    doubts = [*_edited(path, said), *_rewritten(text, beside.name)]
    if found.run is None and found.commit_sha is None:
        doubts += _not_its_models(view, said)
    yield replace(found, predictions=said, gaps=(*doubts, *said.gaps))


def _of_predictions(view: View, said: Predictions) -> Iterator[Found]:
    """Find the result of predictions; of one that nothing holds any more its commit, or its run."""
    here = (*leads.of_rows(view.index.of_key(said.key)), *leads.here(view, said.key))
    yield from (one for one in here if one.key == said.key)
    yield from (one for one in leads.revision(view, said.commit_sha) if one.key == said.key)
    yield from leads.loose(view, said.key)


def _edited(path: Path, said: Predictions) -> Iterator[Gap]:
    if disk.hash_of(path) != said.output.hash:
        yield Gap(
            what=f"{path.name} is not what was predicted",
            why=f"its bytes have not the hash {said.output.hash}: it was edited, or made otherwise",
            remedy="predict the table again, and edit a copy",
        )


def _rewritten(text: str, name: str) -> Iterator[Gap]:
    if not predictions.is_as_written(text):
        yield Gap(
            what=f"{name} is not as `wherefrom predict` wrote it",
            why="it was edited: what it says of the predictions may be wrong",
            remedy="bring the file back, or predict the table again",
        )


def _not_its_models(view: View, said: Predictions) -> Iterator[Gap]:
    """Say so where the result that is named has not read or left the models that are named."""
    for model in said.models:
        held = (*leads.of_rows(view.index.of_object(model.hash)), *leads.here(view, model.hash))
        if said.key not in {one.key for one in held}:
            yield Gap(
                what="the predictions are said to be by a model that their result has not",
                why=f"{model.name} ({model.hash}) is none of {said.key}",
                remedy="predict the table again",
            )
