"""The command line: thin, everything it does can be done with the library.

Start-up matters (a script may call it per page), so whatever is not needed for ``--help`` is imported in the
function that needs it.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command ``restore``; the entry point of the installed program."""
    try:
        _run()
    except KeyboardInterrupt:  # while libraries are loaded; once a command runs, it is Click's
        raise SystemExit(130) from None


def _run() -> None:
    import os
    import sys

    from restore.threads import ONE_THREAD

    # the matrices of a page are small: more threads would only wait for each other. Read when NumPy is imported.
    for name, one in ONE_THREAD.items():
        os.environ.setdefault(name, one)
    from restore.cli.app import app, named_shell, with_only

    for stream in (sys.stdout, sys.stderr):
        # a terminal that cannot show Han must not make a good result a failure
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if shell := named_shell(sys.argv[1:]):
        os.environ["_RESTORE_COMPLETE"] = f"source_{shell}"
    if len(sys.argv) > 1:
        with_only(sys.argv[1])
    app(prog_name="restore")
