"""What a run is called."""

from __future__ import annotations

import string
from datetime import datetime
from typing import TYPE_CHECKING

from wherefrom.errors.project import SettingError

if TYPE_CHECKING:
    from wherefrom.context import Context

FIELDS = ("researcher", "objective", "experiment", "model", "fingerprint", "date", "time")
"""What a template may name; `experiment` is the DVC experiment, or the branch outside of one."""


def run_name(context: Context) -> str:
    """Name the run of a stage: by the template of `experiment.run_name`, where there is one.

    Else it has the name of its DVC experiment, and outside of one that of the model with the
    beginning of the fingerprint. Raises `SettingError` for a field that is not known.
    """
    model = context.params.get("train.model", str(context.stage.address))
    template = context.settings.run_name
    if not template:
        return context.experiment or f"{model}-{context.fingerprint[:8]}"
    started = datetime.fromtimestamp(context.started / 1000).astimezone()
    values = {
        "researcher": context.settings.researcher or "",
        "objective": context.settings.objective or "",
        "experiment": context.experiment or context.git.branch or "",
        "model": model,
        "fingerprint": context.fingerprint[:8],
        "date": f"{started:%Y-%m-%d}",
        "time": f"{started:%H-%M-%S}",
    }
    check_template(template)
    return template.format(**values)


def check_template(template: str) -> None:
    """Raise `SettingError` for a template with a field that is not known, or written otherwise."""
    allowed = "a text with " + ", ".join(f"{{{name}}}" for name in FIELDS)
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise SettingError("experiment.run_name", template, allowed) from error
    for _, name, layout, conversion in parts:
        if name is not None and (name not in FIELDS or layout or conversion):
            raise SettingError("experiment.run_name", template, allowed)
