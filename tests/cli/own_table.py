"""A table of one's own, as the README and the guides speak of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path


def write_table(path: Path) -> None:
    """Write houses with their prices."""
    rng = np.random.default_rng(7)
    area = rng.uniform(30, 200, 120)
    frame = pd.DataFrame(
        {
            "house_id": [f"h{number}" for number in range(120)],
            "area": [f" {value:.1f}" if value > 40 else "" for value in area],
            "town": rng.choice(["A", "B", "C"], 120),
            "comment": "none",
            "price": area * 3000 + rng.normal(0, 1000, 120),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
