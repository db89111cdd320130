"""``restore review``: open the files, then serve them until the user stops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from restore.cli.console import Failure, Progress, explained, say
from restore.cli.options import reading
from restore.cli.work import STDIN, open_restoration
from restore.config import Config

if TYPE_CHECKING:
    from restore.review.documents import Document

__all__ = ["start"]

_SEVERAL = "make a record of each (restore clean --record FOLDER) and review those"


def start(names: Sequence[str], chosen: Config, encoding: str | None, port: int, open_browser: bool) -> None:
    """Serve the files of these names; returns when the user interrupts.

    Raises:
        Failure: when the server is not installed, no file can be opened, or the port is taken.
    """
    try:
        import uvicorn  # noqa: F401  (needed when serving begins)

        from restore.review import server
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "anyio"):
            raise
        raise Failure(
            "the review server needs Starlette and Uvicorn: pip install 'restore-cjk[review]' "
            "(without them, restore clean --report makes a page that works from disk)"
        ) from None
    _refuse_shared(names)
    try:
        sock = server.bind(port)
    except OSError as error:
        raise Failure(f"port {port} of {server.HOST} cannot be used ({error.strerror or error})") from None
    with sock:
        documents, failed = _open_all(names, chosen, encoding)
        if not documents:
            raise Failure("no input could be opened")
        token = server.new_token()
        address = f"http://{server.HOST}:{sock.getsockname()[1]}/{token}/"

        def ready() -> None:
            typer.echo(address)
            kept = documents[0].path if len(documents) == 1 else "a .decisions.json beside each file"
            say(f"restore: decisions go to {kept}; stop with Ctrl-C")
            if open_browser:
                typer.launch(address)

        server.serve(server.application(documents, token, failed), sock, ready)


def _refuse_shared(names: Sequence[str]) -> None:
    """Each file needs decisions of its own."""
    from restore.review.documents import decisions_path

    taken: dict[Path, str] = {}
    for name in names:
        if name == STDIN:
            raise Failure(
                "a review needs files: decisions are kept beside them, and standard input has no place"
            )
        path = decisions_path(Path(name)).resolve()
        if path in taken:
            raise Failure(
                f"{taken[path]} and {name} would share {path.name}; review them one after the other"
            )
        taken[path] = name


def _open_all(
    names: Sequence[str], chosen: Config, encoding: str | None
) -> tuple[list[Document], list[tuple[str, str]]]:
    from restore.review.documents import Document, decisions_path

    documents: list[Document] = []
    failed: list[tuple[str, str]] = []
    progress = Progress(names)
    for _, name in progress:
        try:
            made = open_restoration(name, chosen, reading(encoding), several=_SEVERAL)
            documents.append(Document.open(made, decisions_path(Path(name))))
        except Exception as error:
            progress.clear()
            message = explained(error, name)
            say(f"restore: {message}")
            failed.append((name, message))
    return documents, failed
