"""What is said of a params.yaml that is no YAML, and where; its values: tests/unit/test_yaml12."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.yaml12 import parse_yaml

PLACE = "params.yaml, line 2, column 4"

REFUSED = {
    "no_digits": ("b: -_", f"{PLACE}: not valid YAML: '-_' is no int"),
    "no_binary_digits": ("b: 0b_", f"{PLACE}: not valid YAML: '0b_' is no int"),
    "no_float": ("b: !!float x", f"{PLACE}: not valid YAML: 'x' is no float"),
    "no_truth": ("b: !!bool x", f"{PLACE}: not valid YAML: 'x' is no bool"),
    "no_time": ("b: !!timestamp x", f"{PLACE}: not valid YAML: 'x' is no timestamp"),
    "no_key": ("b: {? [c] : 1}", "column 7: not valid YAML: a key is no text and no number"),
    "a_key_twice": ("a: 2", "line 2, column 1: not valid YAML: the key 'a' stands twice"),
    "two_merges": ("b: {<<: {}, <<: {}}", "column 13: not valid YAML: the key '<<' stands twice"),
    "no_alias": ("b: *c", f"{PLACE}: not valid YAML: found undefined alias"),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_yaml_is_named_with_its_place(line: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_yaml(f"a: 1\n{line}\n", "params.yaml")
    assert said in str(raised.value)
    assert raised.value.remedy == "correct that line"


def test_a_document_that_asks_for_the_rules_of_yaml_1_1_is_refused_as_dvc_obeys_it() -> None:
    with pytest.raises(InputError, match=r"another YAML than 1\.2") as raised:
        parse_yaml("%YAML 1.1\n---\na: no\n", "params.yaml")
    assert raised.value.remedy == "take out the line %YAML"
    assert parse_yaml("%YAML 1.2\n---\na: no\n", "params.yaml") == {"a": "no"}
