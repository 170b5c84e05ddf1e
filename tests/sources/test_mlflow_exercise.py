"""A store that was used before a fork, and is open after it without one connection of before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from sandbox import empty_store
from wherefrom.process import current
from wherefrom.project import Project
from wherefrom.sources import local_store, mlflow_client, mlflow_store
from wherefrom.sources.mlflow_exercise import empty_copy
from wherefrom.sweeping.parent import Where
from wherefrom.sweeping.rehearsal import rehearse

if TYPE_CHECKING:
    from wherefrom.sources.mlflow_store import Store


@pytest.fixture
def where(
    shared_folder: Path,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Where:
    """A project's store that is ready, and empty."""
    for name in (*mlflow_client.QUIET_AND_QUICK, local_store.ARTIFACT_ROOT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(empty_store(shared_folder, environment) / "mlflow.db", tmp_path)
    project = Project(tmp_path, None, "", tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    local_store.mark_ready(uri, project.state)
    return Where(project, uri, "theirs", current())


def opened(where: Where) -> Store:
    project = where.project
    return mlflow_store.open_store(where.uri, "theirs", project.artifact_root, project.state)


def statements_compiled(where: Where, store: Store) -> list[str]:
    """List what an engine compiles while a run is made, logged and found."""
    engine = mlflow_client.client(where.uri)._tracking_client.store.engine
    compiled = list[str]()

    def see(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _m: Any) -> None:
        if context.cache_hit.name == "CACHE_MISS":
            compiled.append(text)

    event.listen(engine, "before_cursor_execute", see)
    texts = {"a": "1", "b": "2"}
    run_id = store.create_run("theirs", "a run", 1, texts)
    store.log(run_id, params=texts, metrics={"c": 1.0, "d": 2.0}, tags=texts, at=1)
    store.end(run_id, "FINISHED", 2)
    event.remove(engine, "before_cursor_execute", see)
    return compiled


def test_nothing_of_a_rehearsal_comes_into_the_store(where: Where) -> None:
    before = (where.project.anchor / "mlflow.db").read_bytes()
    rehearse(where)
    assert before == (where.project.anchor / "mlflow.db").read_bytes()
    assert {"mlflow.db", ".wherefrom"} == {path.name for path in where.project.anchor.iterdir()}


def test_the_variables_that_mlflow_gets_for_a_rehearsal_are_not_the_stages(where: Where) -> None:
    before = dict(os.environ)
    rehearse(where)
    assert before == dict(os.environ)


def test_no_connection_is_left_that_a_fork_would_share(where: Where) -> None:
    rehearse(where)
    database = str(where.project.anchor / "mlflow.db")
    links = [link for link in Path("/proc/self/fd").iterdir() if link.exists()]
    assert not [link for link in links if str(link.readlink()).startswith(database)]


def test_what_is_logged_after_a_rehearsal_is_in_the_store_itself(where: Where) -> None:
    rehearse(where)
    run_id = opened(where).create_run("theirs", "a run", 1, {"a": "1"})
    found = mlflow_client.client(where.uri).get_run(run_id)
    assert f"{where.project.artifact_root.as_uri()}/theirs/{run_id}/artifacts" == (
        found.info.artifact_uri
    )


def test_after_a_rehearsal_no_statement_is_compiled_again(where: Where) -> None:
    rehearse(where)
    assert statements_compiled(where, opened(where)) == []


def test_a_store_that_is_gone_is_left_to_the_stages_to_tell(where: Where) -> None:
    (where.project.anchor / "mlflow.db").write_bytes(b"no database at all" * 100)
    rehearse(where)


def test_only_a_database_on_this_disk_has_an_empty_copy() -> None:
    with pytest.raises(ValueError, match="no SQLite store"), empty_copy("http://localhost:9"):
        pass
