"""A page about a project's results, in one file that needs no network; and a short form of it."""
