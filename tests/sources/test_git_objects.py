"""Objects of a real git repository, as git's own commands show them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from wherefrom.sources.git_objects import CommitFacts, Objects, TreeEntry

if TYPE_CHECKING:
    from pathlib import Path

GONE = "0123456789abcdef0123456789abcdef01234567"
CONTENTS = {
    "empty": b"",
    "line_end": b"\n",
    "no_line_end": b"a",
    "text": "é☺\r\nb\n".encode(),
    "binary": bytes(range(256)) * 300,
    "looks_like_an_answer": b"0123456789abcdef0123456789abcdef01234567 blob 3\nabc\n",
    "no_utf_8": b"caf\xe9 \xff\x00",
    "big": b"x" * 5_000_000,
}


def git(root: Path, *args: str, given: bytes = b"", **extra: str) -> str:
    command = ["git", "-C", str(root), *args]
    env = os.environ | extra
    done = subprocess.run(command, input=given, capture_output=True, env=env, check=False)
    assert done.returncode == 0, f"{args}: {done.stderr!r}"
    return done.stdout.decode(errors="surrogateescape").strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "--quiet")
    return root


def blob(root: Path, content: bytes) -> str:
    return git(root, "hash-object", "-w", "--stdin", given=content)


def commit(root: Path, message: str, *parents: str, seconds: str = "1700000000 +0530") -> str:
    tree = git(root, "mktree")
    options = [part for parent in parents for part in ("-p", parent)]
    dates = {"GIT_COMMITTER_DATE": seconds, "GIT_AUTHOR_DATE": "1500000000 -0700"}
    return git(root, "commit-tree", tree, *options, given=message.encode(), **dates)


def test_an_object_of_another_kind_is_passed_over(repo: Path) -> None:
    file, first = blob(repo, b"a"), commit(repo, "m")
    everything = (file, git(repo, "mktree"), first)

    with Objects(repo) as objects:
        assert [found.sha for found in objects.commits(everything)] == [first]
        assert [sha for sha, _ in objects.trees(everything)] == [everything[1]]
        assert list(objects.contents(everything)) == [(file, b"a")]


def test_files_are_read_byte_by_byte_in_the_order_asked_for(repo: Path) -> None:
    shas = {blob(repo, content): content for content in CONTENTS.values()}

    with Objects(repo) as objects:
        assert list(objects.contents(shas)) == list(shas.items())
        assert list(objects.contents(reversed(shas))) == list(reversed(shas.items()))


@pytest.mark.parametrize("name", ["empty", "line_end", "no_line_end", "text", "no_utf_8"])
def test_a_text_keeps_its_bytes_also_where_they_are_no_utf_8(repo: Path, name: str) -> None:
    sha = blob(repo, CONTENTS[name])

    with Objects(repo) as objects:
        ((found, text),) = objects.texts([sha])

    assert found == sha
    assert text.encode("utf-8", "surrogateescape") == CONTENTS[name]


def test_what_is_not_there_is_left_out_and_the_rest_is_read(repo: Path) -> None:
    one, two = blob(repo, b"one"), blob(repo, b"two")

    with Objects(repo) as objects:
        assert dict(objects.contents([GONE, one, GONE, GONE, two, GONE])) == {
            one: b"one",
            two: b"two",
        }
        assert list(objects.contents([GONE])) == []
        assert list(objects.contents([])) == []
        assert dict(objects.contents([one])) == {one: b"one"}


def test_what_is_asked_for_twice_is_given_twice(repo: Path) -> None:
    one = blob(repo, b"one")

    with Objects(repo) as objects:
        assert list(objects.contents([one, one])) == [(one, b"one")] * 2


@pytest.mark.parametrize("count", [499, 500, 501, 1_003])
def test_more_objects_than_are_asked_for_at_once_are_all_read(repo: Path, count: int) -> None:
    """As many requests as a pipe does not hold, and answers larger than it: nobody may wait."""
    contents = [f"{number} ".encode() * 40 for number in range(count)]
    paths = [repo / f"{number}.txt" for number in range(count)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    listed = "\n".join(str(path) for path in paths).encode()
    shas = git(repo, "hash-object", "-w", "--stdin-paths", "--no-filters", given=listed).split()

    with Objects(repo) as objects:
        assert list(objects.contents(shas)) == list(zip(shas, contents, strict=True))


AUTHOR = "Tester <tester@localhost> 1500000000 -0700"


def test_a_commit_has_its_tree_its_author_its_parents_its_time_and_first_line(repo: Path) -> None:
    root = commit(repo, "The first\n\nmore\n\ntree none\n")
    other = commit(repo, "")
    merge = commit(repo, "Merged: é☺", root, other, seconds="1700000009 -0800")
    tree = git(repo, "rev-parse", f"{root}^{{tree}}")

    with Objects(repo) as objects:
        assert list(objects.commits([root, GONE, other, merge])) == [
            CommitFacts(root, tree, (), 1_700_000_000, "The first", AUTHOR),
            CommitFacts(other, tree, (), 1_700_000_000, "", AUTHOR),
            CommitFacts(merge, tree, (root, other), 1_700_000_009, "Merged: é☺", AUTHOR),
        ]


def test_a_commit_in_another_encoding_with_a_signature_is_read(repo: Path) -> None:
    tree = git(repo, "mktree")
    text = (
        f"tree {tree}\nauthor A > B <a@b> 1 +0000\ncommitter Jos\xe9 < <c@d> 1700000000 +0000\n"
        f"gpgsig -----BEGIN-----\n tree {GONE}\n parent {GONE}\n committer x <y> 5 +0000\n -----\n"
        "encoding latin-1\n\nCaf\xe9\n\nparent none\n"
    )
    sha = git(repo, "hash-object", "-w", "-t", "commit", "--stdin", given=text.encode("latin-1"))

    with Objects(repo) as objects:
        (found,) = objects.commits([sha])

    assert (found.tree, found.parents, found.time) == (tree, (), 1_700_000_000)
    assert found.subject == "Caf\ufffd"


def test_a_folder_has_its_names_as_git_lists_them(repo: Path) -> None:
    sha = blob(repo, b"x")
    below = git(repo, "mktree", "-z", given=f"100644 blob {sha}\tx\0".encode())
    names = [b"a b", "é☺".encode(), b"new\nline", b"tab\t", b"caf\xe9", b"-", b"40000 x", b"\\"]
    lines = [b"100644 blob " + sha.encode() + b"\t" + name for name in names]
    lines += [
        b"100755 blob " + sha.encode() + b"\tprogram",
        b"120000 blob " + sha.encode() + b"\tlink",
    ]
    lines += [b"040000 tree " + below.encode() + b"\tfolder"]
    lines += [b"160000 commit " + GONE.encode() + b"\tmodule"]
    tree = git(repo, "mktree", "-z", given=b"\0".join(lines) + b"\0")
    empty = git(repo, "mktree")

    with Objects(repo) as objects:
        found = dict(objects.trees([tree, GONE, empty, below]))

    listed = git(repo, "ls-tree", "-z", tree).split("\0")
    expected = [
        TreeEntry(entry.partition("\t")[2], entry.split()[2], entry.split()[0].lstrip("0"))
        for entry in listed
        if entry
    ]
    assert found == {tree: tuple(expected), empty: (), below: (TreeEntry("x", sha, "100644"),)}
    assert [entry.name for entry in expected if entry.is_folder] == ["folder"]
    assert [entry.name for entry in expected if entry.is_submodule] == ["module"]


def test_packed_objects_are_read_as_loose_ones(repo: Path) -> None:
    shas = [blob(repo, f"{number}\n".encode() * 90) for number in range(20)]
    with Objects(repo) as objects:
        before = list(objects.contents(shas))
    tree = "".join(f"100644 blob {sha}\t{sha}\n" for sha in shas)
    sha = git(repo, "commit-tree", git(repo, "mktree", given=tree.encode()), "-m", "all")
    git(repo, "update-ref", "refs/heads/main", sha)
    git(repo, "gc", "--quiet", "--prune=now")
    assert not list((repo / ".git" / "objects").glob("??/*"))

    with Objects(repo) as objects:
        assert list(objects.contents(shas)) == before


def test_a_repository_of_longer_hashes_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "long")
    root = tmp_path / "long"
    sha = blob(root, b"x")
    tree = git(root, "mktree", given=f"100644 blob {sha}\tx\n100644 blob {sha}\ty\n".encode())

    with Objects(root) as objects:
        assert dict(objects.contents([sha])) == {sha: b"x"}
        ((_, entries),) = objects.trees([tree])

    assert entries == (TreeEntry("x", sha, "100644"), TreeEntry("y", sha, "100644"))


def test_git_has_ended_when_the_context_is_left(repo: Path) -> None:
    one = blob(repo, b"one")
    with Objects(repo) as objects:
        next(iter(objects.contents([one, one, one])))
        process = objects._git

    assert process.poll() == 0


def test_no_variable_of_the_caller_leads_to_another_repository(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = blob(repo, b"one")
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    with Objects(repo) as objects:
        assert dict(objects.contents([one])) == {one: b"one"}


@pytest.mark.parametrize("place", [2, -5], ids=["at the begin", "at the end"])
def test_a_damaged_object_is_left_out_and_those_after_it_are_read(repo: Path, place: int) -> None:
    first, damaged, last = blob(repo, b"a"), blob(repo, os.urandom(100_000)), blob(repo, b"b")
    file = repo / ".git" / "objects" / damaged[:2] / damaged[2:]
    content = bytearray(file.read_bytes())
    content[place] ^= 0xFF
    file.chmod(0o644)
    file.write_bytes(bytes(content))

    with Objects(repo) as objects:
        assert dict(objects.contents([first, damaged, GONE, last])) == {first: b"a", last: b"b"}
        assert dict(objects.contents([damaged])) == {}
        assert dict(objects.contents([last])) == {last: b"b"}
