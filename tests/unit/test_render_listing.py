"""Results as lines of a list: what is shown of the parameters that changed."""

from __future__ import annotations

from wherefrom.entries import Entry
from wherefrom.render import listing


def test_what_came_and_went_with_another_model_is_shown_after_its_choice() -> None:
    of_models = {f"train.forest.{name}": (1, None) for name in "abcde"}
    changed = {**of_models, "train.model": ("forest", "mlp")}
    entry = Entry("1" * 32, "train", None, None, None, changed=changed, in_workspace=True)

    shown = listing.results([entry], [])

    assert "train.model forest -> mlp, train.forest.a 1 -> null" in shown
    assert "train.forest.c 1 -> null, 2 more" in shown
