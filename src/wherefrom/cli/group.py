"""The group that all commands belong to."""

from __future__ import annotations

import click


class _Commands(click.Group):
    """`wherefrom ADDRESS` alone means `wherefrom trace ADDRESS`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            args = ["trace", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wherefrom")
def cli() -> None:
    """From any result to the data, code, parameters and environment that made it."""
