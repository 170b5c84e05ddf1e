"""A lock that is cut into blocks says what the same lock says as one piece of YAML.

A comment before the first line makes `parse_lock` read the whole: no DVC writes one.
"""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from dvc.utils.serialize import dumps_yaml  # noqa: TID251 - what writes the locks

from wherefrom import lockfile
from wherefrom.errors.project import LockfileError

MD5 = "0123456789abcdef0123456789abcdef"
HEAD = "schema: '2.0'\nstages:\n"
ONE = f"{HEAD}  a:\n    cmd: x\n    deps:\n    - path: d\n      hash: md5\n      md5: '11'\n"
ODD = (
    *("x", "a b", "a: b", "# c", "- a", "'q'", '"d"', "é ☺", "two\nlines", "ends so\n", " lead"),
    *("tail ", "tab\tx", "null", "~", "true", "no", "1e-07", "0o17", "12:30:45", "2020-01-31"),
    *("{a}", "[b]", "&a", "*a", "!t", "|", ">", "%", "@x", "`", "?", "? a", "-", ":", "a:", "<<"),
    *("=", "", "a\u2028b", "\xa0a", "a\r\nb", "a\\b", "a\x07b", "\ufeffa", "\U0001f600", "k" * 130),
    *("word " * 40, "x" * 90 + " " + "y" * 90, "words and words " * 9 + ": x", "deps", "stages"),
)


def answer(text: str) -> tuple[str, str]:
    """Give all that a lock says, types too, or why it cannot be read; lines are not counted."""
    try:
        return "read", repr(lockfile.parse_lock(text, "sub/dvc.lock"))
    except LockfileError as error:
        return "refused", re.sub(r"(line|position) \d+", r"\1", str(error))


def whole(text: str) -> tuple[str, str]:
    return answer(f"# read as a whole\n{text}")


def file(path: str = "d", **fields: Any) -> dict[str, Any]:
    return {"path": path, "hash": "md5", "md5": MD5, "size": 7, **fields}


def lock(**stage: Any) -> dict[str, Any]:
    return {"schema": "2.0", "stages": {"train": {"cmd": "python train.py", **stage}}}


CLOUD = {"s3": {"etag": '"x"', "version_id": "v.1"}}
WRITTEN: dict[str, dict[str, Any]] = {
    "no_stages": {"schema": "2.0", "stages": {}},
    "command_alone": lock(),
    "lines_of_a_command": lock(cmd="set -e\npython a.py \\\n    --b 'c'\n\n# done\ndeps:\n"),
    "command_that_ends_in_blank_lines": lock(cmd="a\n\n\n", deps=[file()]),
    "list_of_commands": lock(cmd=["a", "b: c", "d\ne\n", "  outs:", "word " * 40], outs=[file()]),
    "long_command": lock(cmd="python src/train.py " + "--option value " * 30, deps=[file()]),
    "executable": lock(deps=[file(isexec=True)]),
    "folder": lock(deps=[file(md5=f"{MD5}.dir", nfiles=3), file("e")]),
    "files_of_a_versioned_remote": lock(
        deps=[
            {
                "path": "d",
                "hash": "md5",
                "files": [
                    {"relpath": "a/b.csv", "md5": MD5, "size": 1, "cloud": CLOUD},
                    {"relpath": "c", "md5": "1" * 32, "size": 2, "cloud": CLOUD},
                ],
            },
            file("e", cloud=CLOUD),
        ]
    ),
    "files_of_a_folder_without_any": lock(deps=[{"path": "d", "hash": "md5", "files": []}]),
    "dependency_without_a_hash": lock(deps=[{"path": "d"}, {"path": "e", "size": 3}]),
    "etag_and_checksum": lock(
        deps=[
            {"path": "https://h/a", "etag": '"x"', "size": 1},
            {"path": "s3://b", "checksum": "1"},
        ]
    ),
    "dataset": lock(deps=[{"path": "ds://a", "dataset": {"name": "a", "lock": {"version": 3}}}]),
    "hash_that_looks_like_a_number": lock(
        deps=[file(md5="1" * 32), file("e", md5="12e45" + "0" * 27), file("f", md5="0x" + "1" * 30)]
    ),
    "no_files": lock(deps=[], outs=[]),
    "no_parameters": lock(params={}),
    "parameter_file_without_keys": lock(params={"params.yaml": {}, "a.toml": {"lr": 1}}),
    "parameters_of_several_files": lock(
        params={
            "params.yaml": {"lr": 1e-7, "n": 3},
            "sub/p.toml": {"a.b": [1, 2]},
            "c: d": {"e": 1},
        }
    ),
    "nested_parameters": lock(
        params={
            "params.yaml": {
                "train": {"deps": {"path": [{"cmd": "x"}, [1, [2, []]]]}, "outs": []},
                "values": [None, True, False, "yes", 1.5, 10**20, float("inf"), -0.0, "1.5", "\n"],
                "matrix": [[1, 2], [3, 4]],
                "hollow": {},
            }
        }
    ),
    "parameters_named_as_sections": lock(params={"deps": {"outs": {"cmd": 1}}, "outs": {"a": 2}}),
    "nan": lock(params={"params.yaml": {"x": float("nan")}}),
    "stages_named_as_sections": {
        "schema": "2.0",
        "stages": {
            name: {"cmd": name, "deps": [file(name)], "outs": [file(f"{name}.out")]}
            for name in ("deps", "outs", "cmd", "params", "stages", "schema", "path", "1", "null")
        },
    },
    "stages_of_lists": {
        "schema": "2.0",
        "stages": {
            name: {"cmd": "x", "outs": [file(name)]}
            for name in ("each@0", "each@a b", "grid@0.1-x", "grid@True", "é", "a-b_c")
        },
    },
    "datasets_after_the_stages": lock(deps=[file()])
    | {"datasets": [{"name": "ds", "url": "u", "type": "dc", "lock": {"version": 1}}]},
    "datasets_before_the_stages": {"schema": "2.0", "datasets": [{"name": "d"}], "stages": {}},
    "odd_command": lock(cmd=list(ODD), deps=[file()]),
    "odd_paths": lock(deps=[file(o) for o in ODD], outs=[file(o) for o in reversed(ODD)]),
    "odd_parameters": lock(params={o: {o: o, "list": [o, {o: [o]}]} for o in ODD}),
    "odd_stages": {
        "schema": "2.0",
        "stages": {o: {"cmd": o, "outs": [file()]} for o in ODD},
    },
}


@pytest.mark.parametrize("data", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_lock_of_dvcs_is_read_in_blocks_as_it_is_as_a_whole(data: dict[str, Any]) -> None:
    text = dumps_yaml(data)

    assert answer(text) == whole(text)
    assert answer(text)[0] == "read"
    assert set(lockfile.parse_lock(text)) == set(data["stages"])


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_an_odd_name_is_the_same_everywhere_in_a_lock(odd: str) -> None:
    stage = {"cmd": odd, "deps": [file(odd)], "params": {odd: {odd: odd}}, "outs": [file(odd)]}
    text = dumps_yaml({"schema": "2.0", "stages": {odd: stage, "last": {"cmd": "x"}}})

    assert answer(text) == whole(text)
    facts = lockfile.parse_lock(text)[odd]
    assert (facts.name, facts.cmd, facts.deps[0].path, facts.outs[0].path) == (odd,) * 4
    assert facts.params == {odd: {odd: odd}}


def drawn(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 2 or kind < 0.6:
        return chance.choice([*ODD, 1, -1, 0, 1.5, 1e-7, 1e30, True, False, None])
    if kind < 0.8:
        return [drawn(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(ODD): drawn(chance, depth + 1) for _ in range(chance.randrange(4))}


def drawn_file(chance: random.Random) -> dict[str, Any]:
    kinds = ({"md5": MD5}, {"md5": f"{MD5}.dir", "nfiles": 2}, {}, {"files": []}, {"etag": "1"})
    extra = ({}, {"size": 9}, {"isexec": True}, {"cloud": CLOUD})
    return {"path": chance.choice(ODD), **chance.choice(kinds), **chance.choice(extra)}


def drawn_lock(seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311 - no secret: another lock for every seed
    stages = {}
    for _ in range(chance.randrange(1, 4)):
        files = [[drawn_file(chance) for _ in range(chance.randrange(4))] for _ in "io"]
        params = {chance.choice(ODD): {chance.choice(ODD): drawn(chance)} for _ in "ab"}
        parts = {"cmd": chance.choice(ODD), "deps": files[0], "params": params, "outs": files[1]}
        kept = {
            name: part for name, part in parts.items() if name == "cmd" or chance.random() < 0.8
        }
        stages[chance.choice(ODD)] = kept
    return dumps_yaml({"schema": "2.0", "stages": stages})


def test_locks_of_all_kinds_are_read_in_blocks_as_they_are_as_a_whole() -> None:
    texts = [drawn_lock(seed) for seed in range(150)]

    different = [text for text in texts if answer(text) != whole(text)]

    assert different == []
    assert {answer(text)[0] for text in texts} == {"read"}


FULL = dumps_yaml(
    {
        "schema": "2.0",
        "stages": {
            "one": {"cmd": "a\nb\n", "deps": [file(), file("e: f")], "outs": [file("g")]},
            "two": {"cmd": "c", "params": {"params.yaml": {"x": [1], "y": {"z": "w"}}}},
        },
    }
)
OTHERWISE = {
    "comment_at_the_end": f"{FULL}# the end\n",
    "comment_between_stages": FULL.replace("  two:", "# c\n  # c\n  two:"),
    "comment_between_sections": FULL.replace("    outs:", "    # c\n    outs:"),
    "comment_between_files": FULL.replace("    - path: 'e", "    # c\n    - path: 'e"),
    "comment_beside_a_stage": FULL.replace("  two:", "  two: # c"),
    "comment_beside_a_section": FULL.replace("    deps:", "    deps: # c"),
    "blank_lines": FULL.replace("    outs:", "\n    outs:").replace("  two:", "\n\n  two:"),
    "blanks_at_the_ends_of_lines": re.sub(r"(?m)(md5|:)$", r"\1  ", FULL),
    "no_end_of_the_last_line": FULL.rstrip("\n"),
    "end_of_the_document": f"{FULL}...\n",
    "second_document": f"{FULL}---\na: b\n",
    "second_document_within": FULL.replace("  two:", "---\n  two:"),
    "line_ends_of_windows": FULL.replace("\n", "\r\n"),
    "line_ends_of_windows_below_the_head": HEAD + FULL.removeprefix(HEAD).replace("\n", "\r\n"),
    "line_ends_of_old_macs": FULL.replace("\n", "\r"),
    "anchor_and_alias_of_a_file": FULL.replace("    - path: d", "    - &f\n      path: d").replace(
        "    - path: 'e", "    - *f\n    - path: 'e"
    ),
    "anchor_and_alias_of_a_stage": f"{FULL}  three: &s\n    cmd: x\n  four: *s\n",
    "anchor_and_alias_of_a_value": FULL.replace("cmd: c", "cmd: &c c").replace("z: w", "z: *c"),
    "merge_of_a_stage": f"{FULL}  three: &s\n    cmd: x\n  four:\n    <<: *s\n    outs: []\n",
    "merge_of_a_mapping": f"{HEAD}  a:\n    <<: {{cmd: x, deps: [{{path: d}}]}}\n",
    "merge_beside_its_key": f"{HEAD}  a:\n    <<: {{cmd: x}}\n    cmd: y\n",
    "flow_style": f"{HEAD}  a: {{cmd: x, deps: [{{path: d, md5: '1'}}]}}\n  b:\n    cmd: y\n",
    "files_in_flow_style": f"{HEAD}  a:\n    cmd: x\n    deps: [{{path: d}}, {{path: e}}]\n",
    "file_in_flow_style": f"{HEAD}  a:\n    cmd: x\n    deps:\n    - {{path: d, md5: '1'}}\n",
    "indented_lists": FULL.replace("    - path", "      - path").replace(
        "      hash", "        hash"
    ),
    "deeper_stages": re.sub(r"(?m)^  ", "    ", FULL),
    "quoted_names": f"{HEAD}  'a':\n    'cmd': x\n    \"deps\":\n    - 'path': d\n",
    "list_of_another_section": f"{HEAD}  a:\n    cmd:\n    - x\n    - y\n    other:\n    - z\n",
    "unknown_sections": f"{HEAD}  a:\n    cmd: x\n    desc: b\n    meta:\n      deps: 1\n",
    "null_sections": f"{HEAD}  a:\n    cmd: x\n    deps:\n    params:\n    outs:\n",
    "numbers_as_names": f"{HEAD}  1:\n    cmd: x\n  0x10:\n    cmd: 3\n  1.50:\n    cmd: z\n",
    "names_that_are_no_text": f"{HEAD}  null:\n    cmd: x\n  true:\n    cmd: y\n",
    "schema_as_a_number": FULL.replace("'2.0'", "2.0"),
    "schema_in_other_quotes": FULL.replace("'2.0'", '"2.0"'),
    "schema_after_the_stages": FULL.removeprefix("schema: '2.0'\n") + "schema: '2.0'\n",
    "schema_1": re.sub(r"(?m)^  ", "", FULL.removeprefix(HEAD)),
    "nothing_but_the_schema": "schema: '2.0'\n",
    "datasets_whose_keys_stand_as_stages_do": (
        f"{FULL}datasets:\n- name: d\n  lock:\n    cmd: x\n  more:\n    cmd: y\n"
    ),
}
BROKEN = {
    "stage_twice": f"{FULL}  one:\n    cmd: x\n",
    "section_twice": f"{ONE}    deps:\n    - path: e\n",
    "other_section_twice": f"{HEAD}  a:\n    cmd: x\n    cmd: y\n",
    "key_of_a_file_twice": f"{ONE}      md5: '22'\n",
    "parameter_twice": f"{HEAD}  a:\n    cmd: x\n    params:\n      p: {{b: 1, b: 2}}\n",
    "tab_before_a_stage": ONE.replace("  a:", "\ta:"),
    "tab_before_a_section": ONE.replace("    deps:", "\tdeps:"),
    "tab_before_a_file": ONE.replace("    - path", "\t- path"),
    "tab_in_a_file": ONE.replace("      md5", "\t  md5"),
    "merge_conflict": ONE.replace("  a:", "<<<<<<< HEAD\n  a:"),
    "merge_conflict_in_a_file": ONE.replace("      md5:", "=======\n      md5:"),
    "merge_conflict_at_the_end": f"{ONE}>>>>>>> theirs\n",
    "no_colon_after_a_stage": ONE.replace("  a:", "  a"),
    "no_colon_after_a_section": ONE.replace("    deps:", "    deps"),
    "no_command": f"{HEAD}  a:\n    deps:\n    - path: d\n",
    "stage_without_a_word": f"{ONE}  b:\n",
    "stage_that_is_a_text": f"{ONE}  b: c\n",
    "stage_that_is_a_list": f"{HEAD}  a:\n  - cmd: x\n",
    "stage_that_is_a_text_before_its_sections": f"{ONE}  b: c\n    cmd: x\n",
    "file_without_a_path": f"{HEAD}  a:\n    cmd: x\n    deps:\n    - md5: '11'\n",
    "file_that_is_a_text": f"{HEAD}  a:\n    cmd: x\n    deps:\n    - d\n",
    "file_that_is_nothing": f"{HEAD}  a:\n    cmd: x\n    deps:\n    -\n    - path: d\n",
    "files_in_a_mapping": f"{HEAD}  a:\n    cmd: x\n    deps:\n      path: d\n",
    "files_in_a_text": f"{HEAD}  a:\n    cmd: x\n    outs: d\n",
    "parameters_in_a_list": f"{HEAD}  a:\n    cmd: x\n    params:\n    - b\n",
    "alias_of_nothing": ONE.replace("'11'", "*nowhere"),
    "quote_that_is_open": ONE.replace("'11'", "'11"),
    "bracket_that_is_open": ONE.replace("'11'", "[11"),
    "deps_at_another_depth": ONE.replace("    deps:", "   deps:"),
    "another_version_of_yaml": f"%YAML 1.1\n---\n{ONE}",
    "stages_in_a_list": f"{HEAD}- a\n- b\n",
    "a_comment_for_stages": f"{HEAD}# nothing\n",
    "bytes_that_are_no_utf_8": ONE.replace("path: d", "path: \udcff"),
}


@pytest.mark.parametrize("text", OTHERWISE.values(), ids=OTHERWISE.keys())
def test_a_lock_in_another_form_is_read_in_blocks_as_it_is_as_a_whole(text: str) -> None:
    assert answer(text) == whole(text)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_lock_is_refused_with_the_words_for_the_whole(text: str) -> None:
    assert answer(text)[0] == "refused"
    assert answer(text)[1].startswith("sub/dvc.lock cannot be read: ")
    if not text.startswith("%"):
        assert answer(text) == whole(text)


def test_a_lock_that_ends_too_early_says_what_it_does_as_a_whole() -> None:
    texts = [FULL[:end] for end in range(len(FULL))]

    different = [text for text in texts if text != HEAD and answer(text) != whole(text)]

    assert different == []


def test_a_stage_that_two_locks_share_is_read_once() -> None:
    other = FULL.replace("cmd: c", "cmd: other")

    one, two = lockfile.parse_lock(FULL), lockfile.parse_lock(other)

    assert one["one"] is two["one"]
    assert one["two"] != two["two"]


def test_what_a_reader_does_to_facts_is_not_seen_by_the_next() -> None:
    before = repr(lockfile.parse_lock(FULL))
    other = FULL.replace("cmd: c", "cmd: again")

    read = lockfile.parse_lock(other)["two"].params["params.yaml"]
    read.update(x="changed")  # type: ignore[attr-defined]

    assert repr(lockfile.parse_lock(FULL)) == before
