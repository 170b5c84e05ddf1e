"""A training run belongs to the first evaluation that claims it, and to no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wherefrom import process
from wherefrom.claims import Claim, Claims, params_digest

SRC = Path(__file__).parents[2] / "src"
RUN = "a" * 32
PARAMS = {"lr": "0.1", "cut": "0.5"}
ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    found = Claims(tmp_path / ".wherefrom")
    found.open(RUN, PARAMS)
    return found


def test_the_first_evaluation_gets_the_open_claim(claims: Claims) -> None:
    claim = claims.take(RUN, ONE, "env", PARAMS)
    assert claim == Claim(params_digest(PARAMS), ONE, "env", process.current().text())


def test_the_claim_of_a_process_that_is_gone_is_open(
    claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(process.current(), created=1.0)
    with monkeypatch.context() as patch:
        patch.setattr(process, "current", lambda: gone)
        assert claims.take(RUN, ONE, "env", PARAMS)
    assert claims.take(RUN, TWO, "env", PARAMS)
    assert claims.take(RUN, ONE, "env", PARAMS) is None


def test_another_evaluation_gets_nothing(claims: Claims) -> None:
    claims.take(RUN, ONE, "env", PARAMS)

    assert claims.take(RUN, TWO, "env", PARAMS) is None


def test_other_parameters_get_nothing_and_leave_the_claim_open(claims: Claims) -> None:
    assert claims.take(RUN, ONE, "env", PARAMS | {"cut": "0.6"}) is None
    assert claims.take(RUN, ONE, "env", PARAMS) is not None


def test_parameters_in_another_order_are_the_same(claims: Claims) -> None:
    assert claims.take(RUN, ONE, "env", dict(reversed(PARAMS.items()))) is not None


def test_the_same_evaluation_gets_the_outcome_again_once_it_has_finished(claims: Claims) -> None:
    claims.take(RUN, ONE, "env", PARAMS)
    claims.finish(RUN, {"record": "text", "metrics": {"m": 0.1}})

    again = claims.take(RUN, ONE, "env", PARAMS)

    assert again is not None
    assert again.outcome == {"record": "text", "metrics": {"m": 0.1}}


@pytest.mark.parametrize(("fingerprint", "env"), [(TWO, "env"), (ONE, "other")])
def test_a_finished_claim_is_given_to_no_other(claims: Claims, fingerprint: str, env: str) -> None:
    claims.take(RUN, ONE, "env", PARAMS)
    claims.finish(RUN, {})

    assert claims.take(RUN, fingerprint, env, PARAMS) is None


def test_the_same_evaluation_gets_nothing_while_the_first_still_runs(claims: Claims) -> None:
    claims.take(RUN, ONE, "env", PARAMS)

    assert claims.take(RUN, ONE, "env", PARAMS) is None


def test_a_released_claim_is_open_again(claims: Claims) -> None:
    claims.take(RUN, ONE, "env", PARAMS)
    claims.release(RUN)

    assert claims.take(RUN, TWO, "env", PARAMS) is not None


def test_a_finished_claim_is_never_released(claims: Claims) -> None:
    claims.take(RUN, ONE, "env", PARAMS)
    claims.finish(RUN, {"m": 1})
    claims.release(RUN)

    assert claims.take(RUN, TWO, "env", PARAMS) is None


def test_a_run_of_another_clone_has_no_claim(claims: Claims) -> None:
    assert claims.take("b" * 32, ONE, "env", PARAMS) is None
    claims.finish("b" * 32, {})
    claims.release("b" * 32)
    assert claims.take("b" * 32, ONE, "env", PARAMS) is None


def test_the_state_folder_keeps_itself_out_of_git(claims: Claims, tmp_path: Path) -> None:
    assert claims
    assert (tmp_path / ".wherefrom" / ".gitignore").read_text() == "*\n"


TAKE = """\
import json, sys
from pathlib import Path
from wherefrom.claims import Claims
claims = Claims(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
taken = [
    claims.take(f"{i:032x}", sys.argv[2] * 64, "env", {}) is not None for i in range(20)
]
print(json.dumps(taken), flush=True)
sys.stdin.readline()  # a claim of a process that is gone would be open again
"""


@pytest.mark.parametrize("letters", ["12345678", "11111111"], ids=["different", "the_same"])
def test_each_claim_is_given_to_exactly_one_of_eight_processes(
    tmp_path: Path, letters: str
) -> None:
    state = tmp_path / ".wherefrom"
    for i in range(20):
        Claims(state).open(f"{i:032x}", {})
    env = os.environ | {"PYTHONPATH": str(SRC)}
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, str(state), letter],
            env=env,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for letter in letters
    ]
    for taker in takers:
        assert taker.stdout
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        assert taker.stdin
        taker.stdin.write("go\n")
        taker.stdin.flush()
    taken = [json.loads(taker.stdout.readline()) for taker in takers if taker.stdout]
    for taker in takers:
        taker.communicate("done\n", timeout=60)

    assert [sum(column) for column in zip(*taken, strict=True)] == [1] * 20
