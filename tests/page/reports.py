"""Reports of results that were never made, as many as one likes."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import holding, lineage
from wherefrom.commands.audit import Audit, Verdicts
from wherefrom.commands.report import Chosen, Report
from wherefrom.commands.trace import Trace
from wherefrom.entries import Entry
from wherefrom.holders import Holder
from wherefrom.identity import CommitSha, ExperimentName
from wherefrom.index.rows import Input
from wherefrom.sources.dvc_plots import Plot, Plots

if TYPE_CHECKING:
    from wherefrom.lineage import Lineage

METRICS = ("cv.roc_auc.mean", "cv.roc_auc.std", "test.roc_auc", "test.accuracy", "test.log_loss")
PARAMS = ("train.model", "train.forest.max_depth", "train.forest.leaves", "prepare.test_size")
NASTY = '</script><script>alert("1")</script><img src=x onerror=alert(2)>&amp;<!--'


def report(count: int, **fields: Any) -> Report:
    """Give a report of results, the best three of which are chosen; the names are numbers."""
    rows = sorted(
        (entry(number) for number in range(count)), key=lambda one: -one.metrics[METRICS[0]]
    )
    chosen = tuple(Chosen("ABC"[n], trace(one, depth=n)) for n, one in enumerate(rows[:3]))
    found = Report(
        project="houses",
        head=None,
        entries=tuple(rows),
        loose=2,
        metric=METRICS[0],
        way="larger",
        chosen=chosen,
        trees={one.trace.key: one.label for one in chosen},
        plots=Plots((roc([one.trace.key for one in chosen]),)),
        audit=Audit((), Verdicts(), (), ()),
        gaps=(),
    )
    return replace(found, **fields)


def entry(number: int, **fields: Any) -> Entry:
    """Give a result of an experiment; its numbers follow from its own."""
    drawn = random.Random(number)  # noqa: S311 - no secret
    params = [drawn.choice(["forest", "linear"]), drawn.randint(1, 20), drawn.random(), 0.25]
    held = Holder(
        CommitSha(f"{number:040x}"), 1_700_000_000 + 60 * number, ExperimentName(f"e{number}")
    )
    found = Entry(
        key=f"{number:032x}",
        stage="evaluate",
        record_id=f"{number:032x}",
        training_id=f"{number:032x}",
        run=None,
        relation="own",
        made_in=held,
        data=(Input("data/raw.csv", f"{number % 3:032x}", 5, "data/raw.csv.dvc"),),
        labels=(f"v{number % 3}",),
        metrics={name: drawn.random() for name in METRICS},
        params=dict(zip(PARAMS, params, strict=True)),
        changed={PARAMS[1]: (5, params[1])},
    )
    return replace(found, **fields)


def trace(one: Entry, depth: int) -> Trace:
    """Trace a result whose training had a depth of its own."""
    return Trace(
        key=one.key,
        lineage=way(depth),
        run=None,
        relation="own",
        made_in=one.made_in,
        experiments=(),
        commits=(),
        commit=None,
        attributed=True,
        refs=(),
        baseline=None,
        data=(),
        params={**one.params, PARAMS[1]: depth},
        changed={},
        unused={},
        metrics=one.metrics,
        gaps=(),
    )


def way(depth: int, raw: str = "data/raw.csv") -> Lineage:
    """Give a lineage of three stages, the last of which reads what the first has left as well."""
    stages = {
        "prepare": _stage({raw: "r", "src/prepare.py": "s"}, {"clean.csv": "c"}),
        "train": {
            **_stage({"clean.csv": "c", "src/train.py": "t"}, {"model": f"m{depth}"}),
            "params": {"params.yaml": {"train.forest.max_depth": depth}},
        },
        "evaluate": _stage({"clean.csv": "c", "model": f"m{depth}"}, {"metrics.json": f"j{depth}"}),
    }
    tracked = {"outs": [{"path": raw.rpartition("/")[2], "md5": _md5("r")}]}
    texts = {
        "dvc.lock": {"schema": "2.0", "stages": stages},
        "dvc.yaml": {"stages": {"evaluate": {"metrics": ["metrics.json"]}}},
        f"{raw}.dvc": tracked,
    }
    (found,) = lineage.results(holding.read({p: yaml.safe_dump(t) for p, t in texts.items()}))
    return found


def roc(revs: list[str], **fields: Any) -> Plot:
    """Give a curve with a line for each revision, as DVC would."""
    steps = [n / 10 for n in range(11)]
    rows = [{"rev": rev, "x": str(x), "y": str(x**0.5)} for rev in revs for x in steps]
    spec = {
        "data": {"values": rows},
        "width": 300,
        "mark": "line",
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
            "color": {
                "field": "rev",
                "type": "nominal",
                "scale": {"domain": revs, "range": ["red", "green", "blue"][: len(revs)]},
            },
        },
    }
    return replace(Plot("ROC", tuple(revs), spec=spec), **fields)


def _stage(deps: dict[str, str], outs: dict[str, str]) -> dict[str, Any]:
    def listed(files: dict[str, str]) -> list[dict[str, str]]:
        return [{"path": p, "hash": "md5", "md5": _md5(value)} for p, value in files.items()]

    return {"cmd": "python x.py", "deps": listed(deps), "outs": listed(outs)}


def _md5(text: str) -> str:
    return (text.encode().hex() + "0" * 32)[:32]
