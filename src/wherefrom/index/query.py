"""Questions to the index. Every answer is about what a ref leads to now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wherefrom.holders import Holder
from wherefrom.identity import CommitSha, ExperimentName
from wherefrom.index import rows
from wherefrom.index.rows import CommitRow, Input
from wherefrom.record import Gap

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from wherefrom.index.rows import RecordRow, ResultRow

_HELD = "EXISTS (SELECT 1 FROM commits c WHERE c.snapshot = {}.snapshot AND c.live)"
# a copy whose record was edited or damaged is no result of its own, where the true one is held
_COPY = (
    "NOT r.genuine AND EXISTS (SELECT 1 FROM results g WHERE g.record_hash = r.record_hash "
    f"AND g.genuine AND {_HELD.format('g')})"
)
_LIVE = f"{_HELD.format('r')} AND NOT ({_COPY})"
_RESULT = (
    "r.id, r.snapshot, r.key, r.stage, r.fingerprint, r.record_id, r.training_id, r.metrics, "
    "r.params, r.prints, r.gaps"
)


class Index:
    """The index of a project, brought up to date as it was opened; `gaps` say why it was not."""

    def __init__(self, database: sqlite3.Connection, gaps: tuple[Gap, ...] = ()) -> None:
        self._database = database
        self.gaps = gaps

    @property
    def database(self) -> sqlite3.Connection:
        """Its file, for what writes it."""
        return self._database

    def close(self) -> None:
        """Close its file."""
        self._database.close()

    # -- results

    def results(self) -> list[ResultRow]:
        """List every result once for each snapshot that holds it."""
        return self._results(_LIVE, ())

    def of_snapshot(self, snapshot: int) -> list[ResultRow]:
        """List the results that a snapshot holds."""
        return self._results("r.snapshot = ?", (snapshot,))

    def of_key(self, key: str) -> list[ResultRow]:
        """List a result, once for each snapshot that holds it."""
        return self._results(f"r.key = ? AND {_LIVE}", (key,))

    def of_commit(self, sha: CommitSha | None) -> list[ResultRow]:
        """List the results that a commit holds, also one that no ref leads to any more."""
        commit = self.commit(sha) if sha else None
        return self.of_snapshot(commit.snapshot) if commit else []

    def of_record(self, prefix: str) -> list[ResultRow]:
        """Find the results whose record, or else whose training's record, begins so."""
        found = self._results(f"{_starts('r.record_id')} AND {_LIVE}", _span(prefix))
        return found or self._results(f"{_starts('r.training_id')} AND {_LIVE}", _span(prefix))

    def of_run(self, prefix: str) -> list[ResultRow]:
        """Find the results whose record names an MLflow run that begins so."""
        wanted = f"r.record_id IN (SELECT record_id FROM records WHERE {_starts('run_id')})"
        return self._results(f"{wanted} AND {_LIVE}", _span(prefix))

    def of_run_name(self, name: str) -> list[ResultRow]:
        """Find the results whose run had a name as it was made."""
        wanted = "r.record_id IN (SELECT record_id FROM records WHERE run_name = ?)"
        return self._results(f"{wanted} AND {_LIVE}", (name,))

    def of_object(self, prefix: str) -> list[ResultRow]:
        """Find the results that read or left an object whose hash begins so."""
        span = _span(prefix)
        stages = (
            f"SELECT stage FROM outs WHERE {_starts('hash')} UNION "
            "SELECT s.id FROM sources JOIN stages s ON s.sources = source_set "
            f"WHERE {_starts('hash')}"
        )
        prints = f"SELECT fingerprint FROM stages WHERE id IN ({stages})"
        places = f"SELECT snapshot FROM stage_snapshots WHERE stage IN ({stages})"
        rows = self._results(f"r.snapshot IN ({places}) AND {_LIVE}", (*span, *span))
        wanted = {row[0] for row in self._database.execute(prints, (*span, *span))}
        return [row for row in rows if wanted & set(row.fingerprints)]

    def of_input(self, value: str) -> list[ResultRow]:
        """Find the results that were made from raw data of a hash."""
        wanted = "r.id IN (SELECT result FROM inputs WHERE hash = ?)"
        return self._results(f"{wanted} AND {_LIVE}", (value,))

    def input_hashes(self, prefix: str) -> list[str]:
        """List the hashes of raw data that begin so."""
        ask = f"SELECT DISTINCT hash FROM inputs WHERE {_starts('hash')}"
        return [value for (value,) in self._database.execute(ask, _span(prefix))]

    def of_fingerprint(self, prefix: str) -> list[ResultRow]:
        """Find the results that a stage with such a fingerprint led to."""
        places = (
            "SELECT snapshot FROM stage_snapshots JOIN stages s ON s.id = stage "
            f"WHERE {_starts('s.fingerprint')}"
        )
        rows = self._results(f"r.snapshot IN ({places}) AND {_LIVE}", _span(prefix))
        return [r for r in rows if any(p.startswith(prefix) for p in r.fingerprints)]

    def inputs(self, numbers: Iterable[int]) -> dict[int, list[Input]]:
        """Map results, by their numbers, to their raw inputs."""
        found: dict[int, list[Input]] = {number: [] for number in numbers}
        few = len(found) < 500  # noqa: PLR2004 - as many as one question may name
        marks = ",".join("?" * len(found))
        where = f"WHERE result IN ({marks})" if few else ""
        ask = f"SELECT result, path, hash, size, dvc_file FROM inputs {where} ORDER BY path"
        for number, *rest in self._database.execute(ask, list(found) if few else []):
            if number in found:
                found[number].append(Input(*rest))
        return found

    def records(self) -> dict[str, RecordRow]:
        """Map record ids to records; of a training and its evaluation it is the latter."""
        ask = "SELECT * FROM records ORDER BY ended"
        return rows.latest(self._database.execute(ask).fetchall())

    def record(self, record_id: str) -> RecordRow | None:
        """Give a record; of a training and its evaluation the latter."""
        ask = "SELECT * FROM records WHERE record_id = ? ORDER BY ended"
        return rows.latest(self._database.execute(ask, (record_id,)).fetchall()).get(record_id)

    # -- who holds them

    def holders(self, key: str) -> list[Holder]:
        """List the commits and experiments that hold a result."""
        return self._holders("r.key = ?", (key,)).get(key, [])

    def all_holders(self) -> dict[str, list[Holder]]:
        """Map every result to the commits and experiments that hold it."""
        return self._holders("1", ())

    def _holders(self, where: str, values: tuple[object, ...]) -> dict[str, list[Holder]]:
        ask = (
            "SELECT DISTINCT r.key, c.sha, c.time, c.parents, e.name, e.baseline FROM results r "
            "JOIN commits c ON c.snapshot = r.snapshot AND c.live "
            f"LEFT JOIN refs e ON e.sha = c.sha AND e.name IS NOT NULL WHERE {where}"
        )
        rows = self._database.execute(ask, values).fetchall()
        having = {(key, sha) for key, sha, *_ in rows}
        found: dict[str, list[Holder]] = {}
        for key, sha, time, parents, name, baseline in rows:
            unchanged = any((key, parent) in having for parent in parents.split())
            named = ExperimentName(name) if name else None
            base = CommitSha(baseline) if baseline else None
            found.setdefault(key, []).append(Holder(CommitSha(sha), time, named, base, unchanged))
        return found

    def former_holders(self) -> dict[str, list[Holder]]:
        """Map results that nothing holds any more to the commits that did, the last one first.

        Left out are commits that live on in another form: amended, rebased, or an experiment that
        was run again under its name.
        """
        ask = (
            "SELECT DISTINCT r.key, c.sha, c.time, k.experiment, k.baseline FROM results r "
            "JOIN commits c ON c.snapshot = r.snapshot AND NOT c.live "
            "LEFT JOIN records k ON k.record_id = r.record_id AND k.stage = r.stage "
            "WHERE NOT EXISTS "
            f"(SELECT 1 FROM results l WHERE l.key = r.key AND {_HELD.format('l')}) "
            "AND NOT EXISTS (SELECT 1 FROM commits n WHERE n.live AND n.author = c.author "
            "AND (n.parents = c.parents OR n.subject = c.subject)) "
            "AND NOT EXISTS (SELECT 1 FROM refs e WHERE e.name = k.experiment "
            "AND e.baseline = k.baseline) ORDER BY c.time DESC"
        )
        found: dict[str, list[Holder]] = {}
        for key, sha, *rest in self._database.execute(ask):
            found.setdefault(key, []).append(Holder(CommitSha(sha), *rest))
        return found

    def tagged(self) -> set[CommitSha]:
        """List the commits that a tag points to."""
        ask = "SELECT sha FROM refs WHERE ref LIKE 'refs/tags/%'"
        return {CommitSha(sha) for (sha,) in self._database.execute(ask)}

    def experiments(self, name: str) -> list[CommitRow]:
        """Find the commits of the experiments of a name; several baselines may have one each."""
        shas = self._database.execute("SELECT sha FROM refs WHERE name = ?", (name,)).fetchall()
        rows = (self.commit(sha) for (sha,) in shas)
        return [row for row in rows if row is not None]

    def problems(self) -> list[Gap]:
        """Name what cannot be read in commits and experiments, each damage once."""
        ask = (
            "SELECT p.what, p.why, p.remedy, MIN(c.sha), COUNT(DISTINCT c.sha) FROM problems p "
            "JOIN commits c ON c.snapshot = p.snapshot AND c.live "
            "GROUP BY p.what, p.why, p.remedy ORDER BY MIN(c.time)"
        )
        return [
            Gap(f"{what} ({sha[:7]}{f' and {count - 1} more' if count > 1 else ''})", why, remedy)
            for what, why, remedy, sha, count in self._database.execute(ask)
        ]

    def commit(self, sha: str) -> CommitRow | None:
        """Give a commit; None for one that was never seen."""
        ask = "SELECT sha, time, parents, subject, snapshot, live FROM commits WHERE sha = ?"
        row = self._database.execute(ask, (sha,)).fetchone()
        if row is None:
            return None
        parents = tuple(CommitSha(parent) for parent in row[2].split())
        return CommitRow(CommitSha(row[0]), row[1], parents, row[3], row[4], bool(row[5]))

    def files(self, snapshot: int) -> dict[str, str]:
        """Map the files of a snapshot that may matter to their blobs."""
        ask = "SELECT files FROM snapshots WHERE id = ?"
        row = self._database.execute(ask, (snapshot,)).fetchone()
        return json.loads(row[0]) if row else {}

    def names(self) -> set[str]:
        """List the names that an address may mean: experiments, runs, branches and tags."""
        named = self._database.execute("SELECT name FROM refs WHERE name IS NOT NULL").fetchall()
        runs = self._database.execute("SELECT DISTINCT run_name FROM records").fetchall()
        refs = self._database.execute("SELECT ref FROM refs WHERE name IS NULL").fetchall()
        short = {ref.split("/", 2)[2] for (ref,) in refs if ref.startswith("refs/")}
        return {name for (name,) in (*named, *runs)} | short

    def _results(self, where: str, values: tuple[object, ...]) -> list[ResultRow]:
        found = self._database.execute(f"SELECT {_RESULT} FROM results r WHERE {where}", values)
        return [rows.of_result(*row) for row in found]


def _starts(column: str) -> str:
    """Ask for a prefix in a way that an index answers."""
    return f"({column} >= ? AND {column} < ?)"


def _span(prefix: str) -> tuple[str, str]:
    return prefix, prefix + "\x7f"
