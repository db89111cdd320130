"""The program ``restore``: its commands, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from restore.cli.commands.batch import batch
from restore.cli.commands.check import check, diff
from restore.cli.commands.clean import clean
from restore.cli.commands.evaluate import evaluate
from restore.cli.commands.explain import explain, passes
from restore.cli.commands.judging import apply, review
from restore.cli.commands.records import export, report, revert
from restore.cli.console import ERROR, say

__all__ = ["app", "named_shell", "with_only"]

app = typer.Typer(
    name="restore",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: restore clean page.txt -o clean.txt --report clean.html",
)


def with_only(name: str) -> None:
    """Leave out the commands that are not called ``name``, where one is: making them all takes longer than most runs."""
    wanted = [one for one in app.registered_commands if one.callback and one.callback.__name__ == name]
    if wanted:
        app.registered_commands = wanted


_SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def named_shell(arguments: Sequence[str]) -> str | None:
    """The shell of ``--show-completion SHELL``: Typer's own option takes none and goes by the shell it was started from."""
    match arguments:
        case ["--show-completion", shell] if shell in _SHELLS:
            return shell
        case ["--show-completion", _, *_]:
            say(
                f"restore: --show-completion takes one of {', '.join(_SHELLS)}, or nothing for the shell it runs in"
            )
        case ["--install-completion", _, *_]:
            say(
                "restore: --install-completion takes nothing, it is for the shell it runs in; for another one put what "
                "restore --show-completion SHELL prints into a start-up file"
            )
        case _:
            return None
    raise SystemExit(ERROR)


def _version(wanted: bool) -> None:
    if wanted:
        from restore._version import __version__

        typer.echo(f"restore-cjk {__version__}")
        raise typer.Exit


@app.callback()
def restore(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn the text dump of a scanned newspaper page back into what was printed, and show every change.

    The input is never changed. Text goes to standard output, messages go to standard error.

    Exit code 0: done; 1: check found something to repair, or batch put pages into quarantine; 2: an error.
    """


# in the order in which --help lists them
for command in (clean, batch, check, diff, report, export, revert, apply, review, explain, passes, evaluate):
    app.command()(command)
