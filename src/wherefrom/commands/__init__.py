"""One file a command: it collects; `render` shows."""
