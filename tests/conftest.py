"""Real git, DVC and MLflow, in folders of their own; nothing of the user's is ever touched."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import warm
from join import small_project
from sandbox import Sandbox, build_template, built_on_a_store, built_once, copy_of
from sync import every_kind
from using import own_models

if TYPE_CHECKING:
    from collections.abc import Iterator

_BINARIES = str(Path(sys.executable).parent)
_LONG = (
    *("tests/cli/test_readme.py", "tests/sweep/", "tests/cli/test_guides.py", "tests/reproduce/"),
    *("tests/using/", "tests/sync/test_beside_the_ui.py", "tests/join/"),
)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the folder of temporary files for which no test names a place: none is left at the end.

    All processes of the session share it: the workers begin after this.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="tests-")  # sockets need a short path
        patch = pytest.MonkeyPatch()
        patch.setenv("TMPDIR", folder.name)
        session.config.add_cleanup(folder.cleanup)
        session.config.add_cleanup(patch.undo)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take minutes: as the last ones, a worker would run them alone."""

    def place(item: pytest.Item) -> int:
        return next((n for n, path in enumerate(_LONG) if item.nodeid.startswith(path)), len(_LONG))

    items.sort(key=place)


def isolated_environment(home: Path) -> dict[str, str]:
    """Give an environment in which no tool finds the user's home, settings or stores."""
    foreign = ("GIT_", "DVC_", "MLFLOW_", "WHEREFROM_", "PYTHON", "VIRTUAL_ENV")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    config = home / ".gitconfig"  # DVC reads it there, whatever GIT_CONFIG_GLOBAL says
    if not config.exists():
        home.mkdir(parents=True, exist_ok=True)
        config.write_text(
            "[user]\nname = Tester\nemail = tester@localhost\n"
            "[init]\ndefaultBranch = main\n[advice]\ndetachedHead = false\n"
        )
    return clean | {
        "PATH": f"{_BINARIES}{os.pathsep}{clean['PATH']}",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_SYSTEM": os.devnull,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(home / "dvc-system"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of the session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session", autouse=True)
def scratch_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let temporary files of the tests' own process be there, too."""
    tmp_path_factory.getbasetemp()  # which stays
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", os.environ["TMPDIR"])
        yield


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return isolated_environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def warm_environment(environment: dict[str, str], shared_folder: Path) -> Iterator[dict[str, str]]:
    """The same, in which nobody waits for imports."""
    with warm.served(environment, shared_folder) as served:
        yield served


@pytest.fixture(scope="session")
def plugin_environment(warm_environment: dict[str, str]) -> dict[str, str]:
    """The same, but for scripts: the `import mlflow` of foreign code loads the plugin."""
    return warm.with_cold_scripts(warm_environment)


@pytest.fixture(scope="session")
def quiet_environment(warm_environment: dict[str, str]) -> dict[str, str]:
    """The same for a project whose results nobody wants to see summed up."""
    return warm_environment | {"WHEREFROM_SUMMARY": "off"}


@pytest.fixture(scope="session")
def template(shared_folder: Path, warm_environment: dict[str, str]) -> Path:
    """The project with its first result committed: built once, copy_of for every test."""
    return built_on_a_store(shared_folder, "template", build_template, warm_environment)


@pytest.fixture
def sandbox(template: Path, tmp_path: Path, warm_environment: dict[str, str]) -> Sandbox:
    """A copy of the project with its first result, at a place of its own."""
    return copy_of(template, tmp_path / "project", warm_environment)


@pytest.fixture(scope="session")
def small_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    """The small project with its first result: built once, copy_of for every test."""
    return built_on_a_store(shared_folder, "small", small_project.build, quiet_environment)


@pytest.fixture
def small(small_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project, at a place of its own."""
    return copy_of(small_template, tmp_path / "small", quiet_environment, small_project.PARTS)


@pytest.fixture(scope="session")
def kinds_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    """The small project with a result of every kind."""
    return built_on_a_store(shared_folder, "kinds", every_kind.build, quiet_environment)


@pytest.fixture
def kinds(kinds_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of it, at a place of its own."""
    return copy_of(kinds_template, tmp_path / "kinds", quiet_environment)


@pytest.fixture(scope="session")
def linked_template(
    kinds_template: Path, shared_folder: Path, quiet_environment: dict[str, str]
) -> Path:
    """The same after a sync."""

    def build(root: Path) -> None:
        copy_of(kinds_template, root, quiet_environment).run("wherefrom", "sync")

    return built_once(shared_folder, "linked", build)


@pytest.fixture(scope="session")
def used_template(template: Path, shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    """The project with two more results, of a table with an id; the last is in the workspace."""

    def build(root: Path) -> None:
        own_models.build(copy_of(template, root, quiet_environment))

    return built_once(shared_folder, "used", build)


@pytest.fixture
def used(used_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of it, at a place of its own."""
    return copy_of(used_template, tmp_path / "used", quiet_environment)
