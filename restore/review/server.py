"""The review server: this machine only, a secret in the address, and nothing but the files it was given.

Starlette routes and Uvicorn serves: both are small, typed and widely kept, and Python's own ``http.server`` warns
against itself. They come with ``pip install 'restore-cjk[review]'``.

Whoever does not know the address gets nothing: every path begins with a random token. The socket listens on
127.0.0.1, and a request that names another host is refused, so that a foreign page whose name was made to
resolve to this machine (DNS rebinding) cannot ask either. Paths name documents by number, never by file.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import socket
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from restore.files import OutputError
from restore.report.html import render_report
from restore.review.documents import WEIGHTY, ChangeError, Document, OutdatedError

__all__ = ["HOST", "MOST_BYTES", "application", "bind", "new_token", "serve"]

HOST = "127.0.0.1"
MOST_BYTES = 64 << 20  # of a request: every correction of a very large page decided at once
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def new_token() -> str:
    """128 random bits for the address."""
    return secrets.token_urlsafe(16)


def application(
    documents: Sequence[Document], token: str, failed: Sequence[tuple[str, str]] = ()
) -> Starlette:
    """The server as an ASGI application.

    Args:
        documents: what may be looked at.
        token: first part of every path.
        failed: names of files that could not be opened, and why; the list shows them.
    """

    def known(request: Request) -> bool:
        return hmac.compare_digest(request.path_params["token"].encode(), token.encode())

    def document(request: Request) -> tuple[int, Document] | None:
        number = request.path_params.get("number", 0)
        if known(request) and 1 <= number <= len(documents):
            return number, documents[number - 1]
        return None

    async def start(request: Request) -> Response:
        if not known(request):
            return _nothing()
        if len(documents) == 1 and not failed:
            return RedirectResponse(f"/{token}/1", 303, _HEADERS)
        chinese = request.headers.get("accept-language", "").strip().lower().startswith("zh")
        return HTMLResponse(
            await run_in_threadpool(_list_page, documents, failed, token, chinese), headers=_HEADERS
        )

    async def page(request: Request) -> Response:
        found = document(request)
        if found is None:
            return _nothing()
        number, one = found
        back = f"/{token}/" if len(documents) > 1 else ""
        return HTMLResponse(
            await run_in_threadpool(_report, one, f"/{token}/{number}/decisions", back), headers=_HEADERS
        )

    async def decide(request: Request) -> Response:
        found = document(request)
        if found is None:
            return _nothing()
        try:
            body = await _body(request)
            revision, changes = body["revision"], body["changes"]
            if not isinstance(revision, int) or not isinstance(changes, list):
                raise TypeError
        except (KeyError, TypeError, orjson.JSONDecodeError):
            return _refused(400, "a change is an object with revision and changes")
        except _TooLong:
            return _refused(413, "too many changes at once")
        except ClientDisconnect:
            return _refused(400, "the request broke off")
        try:
            new = await run_in_threadpool(found[1].change, revision, changes)
        except ChangeError as error:
            return _refused(422, str(error))
        except OutdatedError as error:
            return _refused(409, str(error))
        except OutputError as error:
            return _refused(507, str(error))
        return JSONResponse({"revision": new}, headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/{token}/", start),
            Route("/{token}/{number:int}", page),
            Route("/{token}/{number:int}/decisions", decide, methods=["PATCH"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)],
        exception_handlers={404: lambda request, error: _nothing(), 405: lambda request, error: _nothing()},
    )


class _TooLong(Exception):  # noqa: N818
    pass


async def _body(request: Request) -> Any:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise _TooLong
        parts.append(part)
    return orjson.loads(b"".join(parts))


def _nothing() -> Response:
    return PlainTextResponse("nothing here\n", 404, _HEADERS)


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status, _HEADERS)


def _report(one: Document, address: str, back: str) -> str:
    saved = orjson.loads(one.decisions().dumps())
    served = {
        "decisions": address,
        "revision": one.revision,
        "list": back,
        "file": one.path.name,
        "saved": saved,
    }
    return render_report(one.restoration, served=served)


# ---------------------------------------------------------------------- the list of files
_WORDS = {
    False: {
        "title": "Files to review", "lang": "en", "file": "File", "decided": "Decided", "doubtful": "Unsure",
        "need": "Needs you", "failed": "could not be opened", "done": "done",
        "hint": "Sorted by what needs a person most: the open moves, gaps, glyphs, deletions and supplied texts, each "
        "counted by how unsure it is. Decisions are kept beside each file as they are made.",
        "move": "Moves", "gap": "Gaps", "glyph": "Glyphs", "deletion": "Deletions", "supplied": "Supplied",
    },
    True: {
        "title": "待审文件", "lang": "zh-CN", "file": "文件", "decided": "已决定", "doubtful": "存疑",
        "need": "待人工", "failed": "无法打开", "done": "已完成",
        "hint": "最需要人看的排在最前：未决定的移动、缺文、字形、删除和补入，按不确定的程度累加。决定随时写在各文件旁边。",
        "move": "移动", "gap": "缺文", "glyph": "字形", "deletion": "删除", "supplied": "补入",
    },
}  # fmt: skip


def _list_page(
    documents: Sequence[Document], failed: Sequence[tuple[str, str]], token: str, chinese: bool
) -> str:
    rows = [(number, one, one.counts()) for number, one in enumerate(documents, 1)]
    rows.sort(key=lambda row: (-row[2].need, -row[2].doubtful, row[0]))
    most = max((row[2].need for row in rows), default=0.0) or 1.0
    shown = [(_plain(name), _plain(why)) for name, why in failed]
    named = [(number, _plain(one.name), counts) for number, one, counts in rows]
    return _template().render(
        rows=named, failed=shown, token=token, most=most, words=_WORDS[chinese], kinds=WEIGHTY
    )


def _plain(text: str) -> str:
    """A file's name without what turns or hides the text around it, or cannot be written in UTF-8."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


@cache
def _template() -> Template:
    environment = Environment(
        loader=BaseLoader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(
        files("restore.review").joinpath("assets", "list.html.j2").read_text("utf-8")
    )


# ---------------------------------------------------------------------- serving
def bind(port: int = 0) -> socket.socket:
    """A listening socket on this machine only; port 0 is one that is free.

    Raises:
        OSError: when the port is taken.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(64)
    except OSError:
        sock.close()
        raise
    return sock


def serve(app: Starlette, sock: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted (Ctrl-C)."""
    import uvicorn

    config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False, lifespan="off")
    ready()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[sock])
