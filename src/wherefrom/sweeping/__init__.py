"""Many variants at once: which they are, who runs them, and what came of them."""
