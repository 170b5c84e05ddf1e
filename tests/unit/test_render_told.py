"""What somebody wrote, as it is shown."""

from __future__ import annotations

from wherefrom.remarks import Mark, Told
from wherefrom.render.told import rows


def test_what_is_shown_stays_in_its_line_and_says_who_wrote_it() -> None:
    note = Mark("first\n  second\x1b[2J", 1_700_000_000_000, "Ada\r <ada@example>")
    told = Told({"status": "draft", "data_hash": "0"}, {"note": note})
    assert rows(told) == [
        ("status", "draft"),
        ("note", "first second [2J  (Ada <ada@example>, 2023-11-14)"),
    ]
