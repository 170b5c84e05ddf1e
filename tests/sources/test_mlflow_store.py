"""MLflow on a real SQLite store, and stores that do not answer."""

from __future__ import annotations

import http.server
import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import empty_store
from wherefrom import process
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.names import PROCESS, RECORD_ID
from wherefrom.sources import local_store, mlflow_client, mlflow_model, mlflow_store, reachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.sources.mlflow_store import Store

RECORD = "a" * 32
PATIENCE = 10


class Place:
    """A project's folder with a store in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database, self.artifacts, self.state = (
            root / name for name in ("mlflow.db", "mlruns", ".wherefrom")
        )
        self.uri = f"sqlite:///{self.database}"

    def open(self, experiment: str = "an experiment") -> Store:
        return mlflow_store.open_store(self.uri, experiment, self.artifacts, self.state)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def made(shared_folder: Path, environment: dict[str, str]) -> Path:
    """A fresh store's database: migrated once, copied for every test."""
    return empty_store(shared_folder, environment)


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    found = Place(tmp_path / "project")
    shutil.copytree(made, found.root)
    local_store.relocate(found.uri, found.artifacts, found.state)
    local_store.mark_ready(found.uri, found.state)
    return found


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """`open_store` sets these where they are not set: undone after each test."""
    for name in mlflow_client.QUIET_AND_QUICK:
        monkeypatch.setenv(
            name, "true" if name.startswith(("MLFLOW_DISABLE", "MLFLOW_SUPPRESS")) else "1"
        )


def start(store: Store, **tags: str) -> str:
    return store.create_run("an experiment", "a run", 1_000, {RECORD_ID: RECORD, **tags})


# -- the store and its experiment


def test_artifacts_have_an_explicit_place_that_no_current_folder_decides(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    place.open("my experiment/é")

    (location,) = place.rows("SELECT artifact_location FROM experiments WHERE experiment_id > 0")[0]
    assert Path(location.removeprefix("file://")).parent == place.artifacts
    assert not (tmp_path / "mlruns").exists()


def test_the_default_experiments_artifacts_lie_in_the_project_too(made: Path) -> None:
    """Fails when MLflow no longer honours its private variable for the artifact root."""
    rows = Place(made).rows("SELECT artifact_location FROM experiments WHERE experiment_id = 0")

    assert [row[0].removeprefix("file://") for row in rows] == [str(made / "mlruns" / "0")]


def test_a_server_still_tells_its_store_the_root_by_the_variable_that_we_set() -> None:
    import mlflow.server  # noqa: PLC0415, TID251

    assert mlflow.server.ARTIFACT_ROOT_ENV_VAR == local_store.ARTIFACT_ROOT_VARIABLE


@pytest.mark.parametrize(("table", "column"), local_store._PLACES)
def test_the_columns_that_hold_places_are_still_named_so(
    made: Path, table: str, column: str
) -> None:
    columns = [row[1] for row in Place(made).rows(f"PRAGMA table_info({table})")]

    assert column in columns


def test_no_other_column_of_the_store_holds_a_place(place: Place) -> None:
    """Fails when MLflow begins to keep absolute paths in a column that no move corrects."""
    logged_model(place)
    found: set[tuple[str, str]] = set()
    for (table,) in place.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for column in [row[1] for row in place.rows(f"PRAGMA table_info({table})")]:
            query = f"SELECT 1 FROM {table} WHERE \"{column}\" LIKE '%{place.artifacts}%'"  # noqa: S608
            if place.rows(query):
                found.add((table, column))

    assert found <= set(local_store._PLACES)
    assert {("experiments", "artifact_location"), ("runs", "artifact_uri")} <= found


def test_an_experiment_is_made_once_and_found_again(place: Place) -> None:
    place.open("one")
    place.open("one")
    place.open("two")

    names = [row[0] for row in place.rows("SELECT name FROM experiments ORDER BY experiment_id")]
    assert names == ["Default", "one", "two"]


def test_an_experiment_that_was_deleted_is_restored(place: Place) -> None:
    import mlflow  # noqa: PLC0415, TID251

    place.open("one")
    client = mlflow.MlflowClient(place.uri)
    client.delete_experiment(client.get_experiment_by_name("one").experiment_id)

    start(place.open("one"))

    assert place.rows("SELECT lifecycle_stage FROM experiments WHERE name = 'one'") == [("active",)]


FIRST_USE = """\
import sys
from pathlib import Path
from wherefrom.sources import local_store, mlflow_store
how, uri, root = sys.argv[1], sys.argv[2], Path(sys.argv[3])
if how == "open_store":
    import mlflow
print("ready", flush=True)
sys.stdin.readline()
if how == "make_store":
    local_store.make_store(uri, root / "mlruns", root / ".wherefrom")
else:
    store = mlflow_store.open_store(uri, "shared", root / "mlruns", root / ".wherefrom")
    store.create_run("shared", "r", 1, {})
"""


@pytest.mark.parametrize("how", ["open_store", "make_store"])
def test_six_processes_that_use_a_fresh_store_first_all_succeed(
    tmp_path: Path, warm_environment: dict[str, str], how: str
) -> None:
    place = Place(tmp_path / "fresh")
    place.root.mkdir()
    (tmp_path / "use.py").write_text(FIRST_USE)
    command = ["python", str(tmp_path / "use.py"), how, place.uri, str(place.root)]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    processes = [
        subprocess.Popen(command, env=warm_environment, text=True, **pipes) for _ in range(6)
    ]
    for one in processes:
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        one.stdin.write("go\n")
        one.stdin.flush()

    ends = [(one.communicate(timeout=120)[1], one.returncode) for one in processes]

    assert [code for _, code in ends] == [0] * 6, ends
    names = [row[0] for row in place.rows("SELECT name FROM experiments")]
    if how == "open_store":
        assert sorted(names) == ["Default", "shared"]
        assert place.rows("SELECT count(*) FROM runs") == [(6,)]
    else:
        assert names == ["Default"]


# -- runs


def test_what_is_logged_twice_is_there_once(place: Place) -> None:
    store = place.open()
    run_id = start(store)
    values: dict[str, Any] = {
        "params": {f"p.{i}": str(i) for i in range(150)},
        "metrics": {f"m.{i}": float(i) for i in range(20)},
        "tags": {f"t.{i}": str(i) for i in range(150)},
    }

    for _ in range(2):
        store.log(run_id, **values, at=5_000)

    def count(table: str) -> int:
        query = f"SELECT count(*) FROM {table} WHERE key LIKE '_.%'"  # noqa: S608
        return int(place.rows(query)[0][0])

    assert [count(t) for t in ("params", "metrics", "tags")] == [150, 20, 150]
    assert place.rows("SELECT DISTINCT timestamp, step FROM metrics") == [(5_000, 0)]


def test_values_of_every_length_that_mlflow_takes_are_logged(place: Place) -> None:
    store = place.open()
    run_id = start(store)
    params = {f"p.{i}": "\N{GREEK SMALL LETTER ALPHA}" * 6_000 for i in range(150)}
    tags = {f"t.{i}": "\N{GREEK SMALL LETTER ALPHA}" * 8_000 for i in range(150)}

    store.log(run_id, params=params, metrics={"m": 1.0}, tags=tags, at=1)

    lengths = "SELECT count(*), max(length(value)), min(length(value)) FROM"
    assert place.rows(f"{lengths} params WHERE key LIKE 'p.%'") == [(150, 6_000, 6_000)]
    assert place.rows(f"{lengths} tags WHERE key LIKE 't.%'") == [(150, 8_000, 8_000)]


def test_a_run_has_its_own_start_and_end(place: Place) -> None:
    store = place.open()
    run_id = start(store)

    store.end(run_id, "FAILED", 9_000)

    assert place.rows("SELECT name, status, start_time, end_time FROM runs") == [
        ("a run", "FAILED", 1_000, 9_000)
    ]


def test_a_run_is_found_by_its_record_in_whatever_experiment(place: Place) -> None:
    run_id = start(place.open("one"))

    assert place.open("two").find_run(RECORD) == run_id
    assert place.open("two").find_run("b" * 32) is None


def test_a_run_that_goes_on_is_shown_as_running(place: Place) -> None:
    store = place.open()
    run_id = start(store)
    store.end(run_id, "FINISHED", 9_000)

    store.set_running(run_id)

    assert place.rows("SELECT status FROM runs") == [("RUNNING",)]


def test_a_tag_is_removed_and_one_that_is_not_there_is_no_error(place: Place) -> None:
    store = place.open()
    run_id = start(store, gone="x")

    store.unset(run_id, ["gone"], store.tags(run_id))
    store.unset(run_id, ["gone"], store.tags(run_id))

    assert place.rows("SELECT count(*) FROM tags WHERE key = 'gone'") == [(0,)]


GONE = replace(process.current(), pid=2**22 - 1, created=1.0)
LIVES = process.current()


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        (GONE.text(), "KILLED"),
        (replace(LIVES, created=LIVES.created - 100).text(), "KILLED"),
        (LIVES.text(), "RUNNING"),
        (replace(GONE, host="elsewhere").text(), "RUNNING"),
        (replace(GONE, boot="another").text(), "RUNNING"),
        ("not ours", "RUNNING"),
        (None, "RUNNING"),
    ],
    ids=["gone", "pid_reused", "lives", "other_host", "other_boot", "not_ours", "no_tag"],
)
def test_only_a_run_whose_process_is_gone_is_ended(
    place: Place, tag: str | None, status: str
) -> None:
    store = place.open()
    start(store, **({PROCESS: tag} if tag else {}))

    store.end_dead_runs()

    assert place.rows("SELECT status FROM runs") == [(status,)]
    expected = [("the process was killed",)] if status == "KILLED" else []
    assert place.rows("SELECT value FROM tags WHERE key = 'wherefrom.error'") == expected


@pytest.mark.parametrize(
    ("tags", "status"),
    [({"dvc.stage": "train"}, "RUNNING"), ({"wherefrom.relation": "own"}, "KILLED")],
    ids=["foreign", "ours, whose tag names the process that goes on"],
)
def test_a_foreign_run_that_another_process_goes_on_with_is_not_taken_for_dead(
    place: Place, warm_environment: dict[str, str], tags: dict[str, str], status: str
) -> None:
    store = place.open()
    run_id = start(store, **{PROCESS: GONE.text(), **tags})
    store.end(run_id, "FINISHED", 2_000)
    code = (
        "import os, sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); "
        "mlflow.start_run(run_id=sys.argv[2]); os._exit(0)"
    )
    (place.root / "go_on.py").write_text(code)
    command = ["python", "go_on.py", place.uri, run_id]
    subprocess.run(command, cwd=place.root, env=warm_environment, check=True)

    store.end_dead_runs()

    assert place.rows("SELECT status FROM runs") == [(status,)]


# -- models and moves


def logged_model(place: Place) -> str:
    import pandas as pd  # noqa: PLC0415
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415

    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
    model = LinearRegression().fit(table, [1.0, 2.0, 3.0])
    store = place.open()
    run_id = start(store)
    code = place.root / "code" / "helpers"
    code.mkdir(parents=True)
    (code / "__init__.py").write_text("")
    folder = place.root / "waiting" / "model"
    mlflow_model.save_sklearn_model(
        model,
        folder,
        example=table,
        requirements=["scikit-learn"],
        code_paths=[str(code)],
        trusted_types=[],
    )
    (place.root / "waiting" / "artifact.txt").write_text("an artifact")
    store.log_model(run_id, folder)
    store.log_model(run_id, folder)
    (folder.parent / "files").mkdir()
    shutil.copy(folder.parent / "artifact.txt", folder.parent / "files")
    store.log_files(run_id, folder.parent / "files")
    return run_id


LOAD = """\
import sys, warnings
warnings.simplefilter("ignore")
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
run_id = sys.argv[2]
client = mlflow.MlflowClient()
run = client.get_run(run_id)
(output,) = run.outputs.model_outputs
table = pd.DataFrame({"a": [4], "b": [False]})
for uri in (f"models:/{output.model_id}", f"runs:/{run_id}/model"):
    more = table.assign(c="a column that the model does not take")
    assert round(float(mlflow.pyfunc.load_model(uri).predict(more)[0]), 6) == 4.0, uri
    assert round(float(mlflow.sklearn.load_model(uri).predict(table)[0]), 6) == 4.0, uri
info = mlflow.models.get_model_info(f"models:/{output.model_id}")
assert info.signature is not None and info.run_id == run_id and info.model_id == output.model_id
assert client.get_logged_model(output.model_id).status == "READY"
with open(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/artifact.txt")) as file:
    assert file.read() == "an artifact"
print("all is there")
"""


def assert_loads(place: Place, run_id: str, folder: Path, environment: dict[str, str]) -> None:
    (folder / "load.py").write_text(LOAD)
    done = subprocess.run(
        ["python", "load.py", place.uri, run_id],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("all is there\n"), done.stderr


def test_a_logged_model_loads_by_its_id_and_by_its_run_also_after_a_move(
    place: Place, tmp_path: Path, warm_environment: dict[str, str]
) -> None:
    run_id = logged_model(place)
    assert_loads(place, run_id, tmp_path, warm_environment)
    assert place.rows("SELECT count(*) FROM logged_models") == [(1,)]

    moved = Place(tmp_path / "moved to é" / "here")
    moved.root.parent.mkdir()
    shutil.move(place.root, moved.root)
    store = moved.open()

    assert store.find_run(RECORD) == run_id
    assert_loads(moved, run_id, tmp_path, warm_environment)


def test_no_place_of_a_moved_project_names_the_former_folder(place: Place, tmp_path: Path) -> None:
    logged_model(place)
    moved = Place(tmp_path / "moved")
    shutil.move(place.root, moved.root)

    assert local_store.relocate(moved.uri, moved.artifacts, moved.state)
    assert not local_store.relocate(moved.uri, moved.artifacts, moved.state)

    with closing(sqlite3.connect(moved.database)) as connection:
        text = "\n".join(connection.iterdump())
    for table, column in local_store._PLACES:
        for (value,) in moved.rows(f"SELECT {column} FROM {table}"):  # noqa: S608
            assert str(place.root) not in str(value)
    assert f"{place.root}/mlruns" not in text


def test_a_project_that_moved_twice_is_corrected_twice(place: Place, tmp_path: Path) -> None:
    run_id = start(place.open())
    for name in ("second", "third"):
        moved = Place(tmp_path / name)
        shutil.move(place.root, moved.root)
        assert moved.open().find_run(RECORD) == run_id
        place = moved
    location = place.rows("SELECT artifact_uri FROM runs")[0][0]
    assert Path(location.removeprefix("file://")).is_relative_to(place.artifacts)


def test_a_database_that_lies_elsewhere_is_never_relocated(place: Place, tmp_path: Path) -> None:
    place.open()
    before = place.rows("SELECT artifact_location FROM experiments")

    assert not local_store.relocate(place.uri, tmp_path / "other project" / "mlruns", place.state)

    assert place.rows("SELECT artifact_location FROM experiments") == before


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:1", "sqlite:///:memory:", "sqlite:////nowhere/x"]
)
def test_a_store_that_is_no_file_here_is_never_relocated(uri: str, tmp_path: Path) -> None:
    assert not local_store.relocate(uri, tmp_path / "mlruns", tmp_path / ".wherefrom")


def test_a_look_whether_it_answers_makes_no_ready_store_of_one_that_was_deleted(
    place: Place,
) -> None:
    """Else another process would make the schema beside the one that does."""
    assert local_store.is_ready(place.uri, place.state)
    place.database.unlink()

    reachable.probe(place.uri)

    assert not local_store.is_ready(place.uri, place.state)


def test_a_store_that_was_deleted_is_made_anew(place: Place) -> None:
    start(place.open())
    place.database.unlink()

    local_store.make_store(place.uri, place.artifacts, place.state)

    assert place.rows("SELECT count(*) FROM runs") == [(0,)]


# -- stores that do not answer


@contextmanager
def black_hole() -> Iterator[str]:
    """Accept connections, and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def dripping() -> Iterator[str]:
    """Send a byte of an answer now and then, for ever: no single wait is long."""
    stop = threading.Event()

    def serve(server: socket.socket) -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not stop.wait(1):
                    connection.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        stop.set()
    thread.join(5)


@contextmanager
def answering(status: int) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def assert_unreachable(uri: str, tmp_path: Path, *secrets: str) -> str:
    began = time.monotonic()
    with pytest.raises(StoreUnreachableError) as caught:
        mlflow_store.open_store(uri, "e", tmp_path / "mlruns", tmp_path / ".wherefrom")
    assert time.monotonic() - began < PATIENCE
    shown = f"{caught.value} {caught.value.hint} {caught.value!r}"
    assert not [secret for secret in secrets if secret in shown], shown
    return shown


SECRETS = ("s3cr3t", "tok3n", "us3r")


def test_a_refused_port_is_unreachable_and_its_credentials_are_not_shown(tmp_path: Path) -> None:
    host = refused()

    shown = assert_unreachable(f"http://us3r:s3cr3t@{host}/p?key=tok3n", tmp_path, *SECRETS)

    assert host in shown


def test_a_host_that_accepts_and_never_answers_is_unreachable(tmp_path: Path) -> None:
    with black_hole() as host:
        assert_unreachable(f"http://us3r:s3cr3t@{host}", tmp_path, *SECRETS)


@pytest.mark.timeout(30)
def test_a_host_that_never_ends_its_answer_is_unreachable(tmp_path: Path) -> None:
    with dripping() as host:
        assert_unreachable(f"http://{host}", tmp_path)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_proxy_whose_server_is_down_is_unreachable(tmp_path: Path, status: int) -> None:
    with answering(status) as host:
        assert str(status) in assert_unreachable(f"http://us3r:s3cr3t@{host}", tmp_path, *SECRETS)


@pytest.mark.parametrize("status", [200, 401, 404])
def test_a_server_that_says_anything_else_is_asked_by_mlflow(status: int) -> None:
    with answering(status) as host:
        reachable.probe(f"http://{host}/")


def test_a_server_that_wants_credentials_in_its_uri_is_reached() -> None:
    with answering(200) as host:
        reachable.probe(f"http://us3r:s3cr3t@{host}/")


@pytest.mark.parametrize("uri", ["http://", "http://[::1", "http://127.0.0.1:port", "http://a b/"])
def test_an_address_that_is_none_is_unreachable(tmp_path: Path, uri: str) -> None:
    assert_unreachable(uri, tmp_path)


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    assert_unreachable(f"sqlite:///{tmp_path}/file/sub/mlflow.db", tmp_path)
    assert_unreachable(f"file://{tmp_path}/file/mlruns", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)

    assert_unreachable(f"sqlite:///{tmp_path}/closed/mlflow.db", tmp_path)


@pytest.mark.parametrize("content", [b"this is no database at all " * 50, b"SQLite format 3\0" * 9])
def test_a_damaged_database_is_unreachable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)

    assert_unreachable(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)


def test_a_folder_in_the_databases_place_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()

    assert_unreachable(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)


def test_a_database_of_a_later_mlflow_is_unreachable_and_says_so(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")

    shown = assert_unreachable(place.uri, place.root)

    assert "schema" in shown or "revision" in shown


@pytest.mark.parametrize(
    "scheme", ["postgresql", "mysql+pymysql", "nonsense", "mssql+pyodbc"], ids=str
)
def test_a_database_server_that_is_not_there_is_unreachable(tmp_path: Path, scheme: str) -> None:
    uri = f"{scheme}://us3r:s3cr3t@{refused()}/db?password=tok3n"

    assert_unreachable(uri, tmp_path, *SECRETS)


def test_a_store_that_goes_away_between_two_calls_is_unreachable(place: Place) -> None:
    store = place.open()
    run_id = start(store)
    place.database.write_bytes(b"damaged " * 1000)

    with pytest.raises(StoreUnreachableError):
        store.log(run_id, params={"a": "1"}, metrics={}, tags={}, at=0)


def test_a_database_that_fails_is_said_in_one_line_and_nothing_is_logged(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("mlflow"), "propagate", True)
    store = place.open()
    place.rows("ALTER TABLE runs RENAME TO elsewhere")

    with pytest.raises(StoreUnreachableError) as said:
        start(store)

    assert said.value.why == "no such table: runs"
    assert caplog.text == ""


def test_an_error_that_is_not_the_stores_is_not_hidden(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), mlflow_client.converted(place.uri):
        raise ZeroDivisionError
