"""`proctor`: one module a command, imported only when it is called, so that `--help` answers at once."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper

import click

from proctor import __version__
from proctor.interrupts import heard

__all__ = ["main"]

COMMANDS = {
    "serve": "Be the API: answer as its document says.",
    "check": "Examine an implementation, clause by clause.",
    "demo": "Serve the stub on this machine and examine it, once the whole way through.",
    "mutate": "Prove the examination: break each clause in the stub, and see that it is found.",
    "list": "List APIs and their clauses.",
    "explain": "Say what a clause requires, where it is written, and how it is examined.",
    "init": "Write a commented target file.",
    "lint": "Find what is wrong with a spec.",
    "sources": "Hold specs against their documents.",
}


class Lazily(click.Group):
    """A group whose commands are modules of this package, each with a click command called `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names, in the order of a first day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None; a slip of the pen is answered with the nearest name."""
        if cmd_name not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(cmd_name, COMMANDS, 1)
            ctx.fail(f"no command {cmd_name!r}; " + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"))
        command: click.Command = import_module(f"proctor.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; one that is interrupted, and has no more to say of it, ends with 130."""
        _say_what_can_be_said()
        try:
            with heard():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            with suppress(OSError):  # of a terminal that was closed
                click.echo("Interrupted.", err=True)
            raise SystemExit(130) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The commands with a line each, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _say_what_can_be_said() -> None:
    """Lets what is printed have a question mark for each letter that its encoding, Windows' old one or Latin-1, does not know, instead of ending there."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@click.group(cls=Lazily, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="proctor")
def main() -> None:
    """Read what an HTTP API's document promises: be that API, or examine any implementation of it."""


if __name__ == "__main__":
    sys.exit(main())
