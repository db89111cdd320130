"""The review server: who may ask, what is kept, the list of files. In a browser: test_review_browser.py."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from json import dumps as dumps_json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from test_report import every_kind

pytest.importorskip("starlette", reason="the review server needs pip install 'restore-cjk[review]'")
from typer.testing import CliRunner

from restore import Restoration, Source, clean
from restore.cli.app import app as command_line
from restore.decisions import Decision, DecisionError, Decisions, load
from restore.record import dumps
from restore.review import server
from restore.review.documents import ChangeError, Document, OutdatedError, decisions_path

DUMP = "党的基层组织是党 执政的组织基础,担负 着直接教育党员、管理 党员、监督党员和组织 群众的职责。"
TOKEN = "secret-token"


@pytest.fixture(scope="module")
def restoration() -> Restoration:
    return every_kind()


@pytest.fixture
def document(restoration: Restoration, tmp_path: Path) -> Document:
    return Document.open(restoration, tmp_path / "page.decisions.json")


class Answer:
    """What the server said."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status_code = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.text = b"".join(m.get("body", b"") for m in messages[1:]).decode()

    def json(self) -> Any:
        return json.loads(self.text)


class ask:  # noqa: N801
    """Requests to the application as a server would hand them over, the path as it was sent."""

    def __init__(self, *documents: Document, failed: Any = ()) -> None:
        self.app = server.application(documents, TOKEN, failed)

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        content: bytes = b"",
        json: Any = None,
    ) -> Answer:
        if json is not None:
            content = dumps_json(json).encode()
        sent = {"host": "127.0.0.1:8000", **(headers or {})}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
            "server": ("127.0.0.1", 8000),
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        asyncio.run(self.app(scope, receive, send))
        return Answer(messages)

    def get(self, path: str, **more: Any) -> Answer:
        return self.request("GET", path, **more)

    def patch(self, path: str, **more: Any) -> Answer:
        return self.request("PATCH", path, **more)


def change(one: str, decision: str, **more: str) -> dict[str, Any]:
    return {"id": one, "decision": decision, **more}


class TestWhoMayAsk:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/secret-toke/",
            "/secret-tokenx/",
            "/wrong/1",
            "/secret-token/0",
            "/secret-token/2",
            "/secret-token/-1",
            "/secret-token/99999999999999999999999",
            "/secret-token/1/",
            "/secret-token/../etc/passwd",
            "/secret-token/%2e%2e/%2e%2e/etc/passwd",
            "/secret-token/1/../../page.txt",
            "/secret-token/page.txt",
            "/favicon.ico",
            "/%F0%9F%92%A9/",
        ],
    )
    def test_nothing_else_is_there(self, document: Document, path: str) -> None:
        answer = ask(document).get(path)
        assert (answer.status_code, answer.text) == (404, "nothing here\n") or answer.headers.get("location")
        if answer.headers.get("location"):  # a missing slash is put right, and leads to nothing all the same
            assert ask(document).get(answer.headers["location"]).status_code in (303, 404, 200)

    def test_with_the_token(self, document: Document) -> None:
        assert ask(document).get(f"/{TOKEN}/").headers["location"] == f"/{TOKEN}/1"
        answer = ask(document).get(f"/{TOKEN}/1")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1]", "", "0.0.0.0"]
    )
    def test_other_hosts_are_refused(self, document: Document, host: str) -> None:
        for path in (f"/{TOKEN}/", f"/{TOKEN}/1"):
            answer = ask(document).get(path, headers={"host": host})
            assert answer.status_code == 400
            assert DUMP[:4] not in answer.text
        answer = ask(document).patch(
            f"/{TOKEN}/1/decisions", headers={"host": host}, json={"revision": 0, "changes": []}
        )
        assert answer.status_code == 400
        assert not document.path.exists()

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000"])
    def test_this_machine_is_not(self, document: Document, host: str) -> None:
        assert ask(document).get(f"/{TOKEN}/1", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
    def test_decisions_are_only_changed(self, document: Document, method: str) -> None:
        assert ask(document).request(method, f"/{TOKEN}/1/decisions").status_code == 404

    def test_without_the_token_nothing_is_changed(self, document: Document) -> None:
        one = document.restoration.corrections[0].id
        answer = ask(document).patch(
            "/wrong/1/decisions", json={"revision": 0, "changes": [change(one, "reject")]}
        )
        assert answer.status_code == 404
        assert not document.path.exists()

    def test_listens_on_this_machine_only(self) -> None:
        with server.bind() as sock:
            assert sock.getsockname()[0] == "127.0.0.1"
            with pytest.raises(OSError, match="in use"):
                server.bind(sock.getsockname()[1])

    def test_tokens_differ(self) -> None:
        assert len({server.new_token() for _ in range(100)}) == 100
        assert len(server.new_token()) >= 20

    def test_page_may_ask_its_own_server_and_nobody_else(self, document: Document) -> None:
        page = ask(document).get(f"/{TOKEN}/1").text
        assert "connect-src &#39;self&#39;" in page
        assert "default-src &#39;none&#39;" in page


class TestKept:
    def test_as_they_are_made(self, document: Document, restoration: Restoration) -> None:
        one, two, gap = (restoration.corrections.by_pass("shuffle")[k] for k in (0, 2, 1))
        client = ask(document)
        assert [isinstance(c.edits[0].text, str) for c in (gap,)] == [False]  # type: ignore[union-attr]
        for revision, entry in enumerate(
            [
                change(one.id, "reject"),
                change(two.id, "accept"),
                change(gap.id, "edit", text="补上"),
                change(one.id, "none"),
            ]
        ):
            answer = client.patch(f"/{TOKEN}/1/decisions", json={"revision": revision, "changes": [entry]})
            assert (answer.status_code, answer.json()) == (200, {"revision": revision + 1})
        kept = load(document.path)
        assert kept.items == (
            Decision(two.id, "shuffle", "accept"),
            Decision(gap.id, "shuffle", "edit", "补上"),
        )
        assert kept.settings == dict(restoration.settings)
        assert "补上" in kept.apply(restoration).restoration.text
        assert [p.name for p in document.path.parent.iterdir()] == [document.path.name], (
            "no temporary file stays"
        )

    def test_page_begins_with_what_is_kept(self, document: Document, restoration: Restoration) -> None:
        document.change(0, [change(restoration.corrections[3].id, "reject")])
        again = Document.open(restoration, document.path)
        page = ask(again).get(f"/{TOKEN}/1").text
        data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
        assert data["served"]["saved"]["decisions"] == [
            {
                "id": restoration.corrections[3].id,
                "pass": restoration.corrections[3].pass_name,
                "decision": "reject",
                "certainty": restoration.corrections[3].certainty.label,
                "score": round(restoration.corrections[3].score, 4),
            }
        ]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (b"{", 400),
            (b"[]", 400),
            (b"3", 400),
            (b'{"revision": 0}', 400),
            (b'{"revision": "0", "changes": []}', 400),
            (b'{"revision": 0, "changes": {}}', 400),
            (b'{"revision": 0, "changes": [3]}', 422),
            (b'{"revision": 0, "changes": [{"id": "ffffffffffff", "decision": "reject"}]}', 422),
            (b'{"revision": 0, "changes": [{"id": "FIRST", "decision": "maybe"}]}', 422),
            (b'{"revision": 0, "changes": [{"id": "FIRST", "decision": "edit"}]}', 422),
            (b'{"revision": 0, "changes": [{"id": "FIRST", "decision": "reject"}, {"id": "MOVE", "decision": "edit", "text": "x"}]}', 422),
            (b'{"revision": 7, "changes": []}', 409),
        ],
    )  # fmt: skip
    def test_nonsense_changes_nothing(
        self, document: Document, restoration: Restoration, body: bytes, status: int
    ) -> None:
        move = next(
            c for c in restoration.corrections if c.message == "line read from the neighbouring column"
        )
        body = body.replace(b"FIRST", restoration.corrections[0].id.encode()).replace(
            b"MOVE", move.id.encode()
        )
        answer = ask(document).patch(f"/{TOKEN}/1/decisions", content=body)
        assert answer.status_code == status
        assert answer.json()["message"]
        assert not document.items
        assert not document.path.exists()

    def test_too_much_at_once(self, document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server, "MOST_BYTES", 100)
        assert ask(document).patch(f"/{TOKEN}/1/decisions", content=b" " * 101).status_code == 413

    def test_two_windows(self, document: Document, restoration: Restoration) -> None:
        ids = [c.id for c in restoration.corrections[:2]]
        assert document.change(0, [change(ids[0], "reject")]) == 1
        with pytest.raises(OutdatedError):
            document.change(0, [change(ids[1], "reject")])
        assert list(document.items) == [ids[0]]

    def test_a_file_changed_by_somebody_else_stays(
        self, document: Document, restoration: Restoration
    ) -> None:
        document.change(0, [change(restoration.corrections[0].id, "reject")])
        document.path.write_text("mine now")
        with pytest.raises(OutdatedError, match="changed elsewhere"):
            document.change(1, [change(restoration.corrections[1].id, "reject")])
        assert document.path.read_text() == "mine now"

    def test_a_file_that_cannot_be_written_is_said(self, restoration: Restoration, tmp_path: Path) -> None:
        document = Document.open(restoration, tmp_path / "gone" / "page.decisions.json")
        one = restoration.corrections[0].id
        answer = ask(document).patch(
            f"/{TOKEN}/1/decisions", json={"revision": 0, "changes": [change(one, "reject")]}
        )
        assert answer.status_code == 507
        assert "does not exist" in answer.json()["message"]
        assert not document.items and document.revision == 0

    def test_decisions_of_an_earlier_run_stay(self, restoration: Restoration, tmp_path: Path) -> None:
        path = tmp_path / "d.json"
        old = Decision("feedfeedfeed", "old", "reject")
        Decisions(restoration.source.sha256, (old,)).save(path)
        document = Document.open(restoration, path)
        document.change(0, [change(restoration.corrections[0].id, "accept")])
        assert old in load(path).items
        document.change(1, [change("feedfeedfeed", "none")])
        assert old not in load(path).items

    @pytest.mark.parametrize("content", ["", "{", '{"format": "restore-record"}', None])
    def test_a_foreign_or_damaged_file_is_an_error(
        self, restoration: Restoration, tmp_path: Path, content: str | None
    ) -> None:
        path = tmp_path / "d.json"
        if content is None:
            Decisions("0" * 64).save(path)
        else:
            path.write_text(content)
        before = path.read_bytes()
        with pytest.raises(DecisionError, match=r"d\.json: "):
            Document.open(restoration, path)
        assert path.read_bytes() == before

    def test_change_error_is_plain(self, document: Document) -> None:
        with pytest.raises(ChangeError, match="no correction 'nope'"):
            document.change(0, [change("nope", "accept")])


class TestList:
    def test_what_needs_a_human_most_comes_first(self, restoration: Restoration, tmp_path: Path) -> None:
        small = Document.open(
            clean(Source(DUMP, name="small.txt"), preset="formatting"), tmp_path / "small.json"
        )
        large = Document.open(restoration, tmp_path / "large.json")
        page = ask(small, large, failed=[("bad<b>.txt", "no such\u202e file")]).get(f"/{TOKEN}/").text
        assert page.index(f"/{TOKEN}/2") < page.index(f"/{TOKEN}/1")
        assert "bad&lt;b&gt;.txt" in page and "\u202e" not in page
        counts = large.counts()
        assert counts.need > 0 and counts.corrections == restoration.ledger.n_corrections
        assert small.counts().need == 0
        large.change(0, [change(c.id, "accept") for c in restoration.corrections])
        done = large.counts()
        assert done.need == 0 and done.decided == done.corrections and not any(done.open.values())

    def test_speaks_the_readers_language(self, document: Document) -> None:
        client = ask(document, document)
        assert "待审文件" in client.get(f"/{TOKEN}/", headers={"accept-language": "zh-CN,zh;q=0.9"}).text
        assert "Files to review" in client.get(f"/{TOKEN}/", headers={"accept-language": "en"}).text

    def test_names_of_any_kind(self, tmp_path: Path) -> None:
        made = clean(Source(DUMP, name="<script>\udc80\u202e.txt"), preset="formatting")
        one = Document.open(made, tmp_path / "d.json")
        assert "<script>\ufffd" not in ask(one, one).get(f"/{TOKEN}/").text
        assert ask(one, one).get(f"/{TOKEN}/1").status_code == 200


class TestCommand:
    def run(self, *words: str) -> Any:
        return CliRunner().invoke(command_line, ["review", *words])

    @pytest.fixture
    def served(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        seen: list[Any] = []

        def serve(app: Any, sock: socket.socket, ready: Any) -> None:
            ready()
            seen.append(app)

        monkeypatch.setattr(server, "serve", serve)
        return seen

    def test_says_where_it_is(self, served: list[Any], tmp_path: Path) -> None:
        (tmp_path / "page.txt").write_text(DUMP, "utf-8")
        result = self.run(str(tmp_path / "page.txt"))
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("http://127.0.0.1:")
        assert "page.decisions.json" in result.stderr
        assert len(served) == 1

    def test_dump_and_record_and_what_fails(self, served: list[Any], tmp_path: Path) -> None:
        (tmp_path / "one.txt").write_text(DUMP, "utf-8")
        (tmp_path / "two.json").write_bytes(dumps(clean(Source(DUMP, name="two.txt"), preset="formatting")))
        result = self.run(*(str(tmp_path / name) for name in ("one.txt", "two.json", "none.txt")))
        assert result.exit_code == 0
        assert "none.txt: no such file" in result.stderr

    def test_nothing_to_serve(self, served: list[Any], tmp_path: Path) -> None:
        assert self.run(str(tmp_path / "none.txt")).exit_code == 2
        (tmp_path / "page.txt").write_text(DUMP, "utf-8")
        (tmp_path / "page.decisions.json").write_text("{")
        result = self.run(str(tmp_path / "page.txt"))
        assert result.exit_code == 2 and "page.decisions.json: not JSON" in result.stderr
        assert (tmp_path / "page.decisions.json").read_text() == "{"
        assert not served

    def test_two_files_cannot_share_their_decisions(self, served: list[Any], tmp_path: Path) -> None:
        result = self.run(str(tmp_path / "page.txt"), str(tmp_path / "page.json"))
        assert result.exit_code == 2 and "would share page.decisions.json" in result.stderr
        assert "standard input" in self.run("-").stderr

    def test_a_port_that_is_taken(self, served: list[Any], tmp_path: Path) -> None:
        (tmp_path / "page.txt").write_text(DUMP, "utf-8")
        with server.bind() as sock:
            port = str(sock.getsockname()[1])
            result = self.run(str(tmp_path / "page.txt"), "--port", port)
        assert result.exit_code == 2 and f"port {port} of 127.0.0.1 cannot be used" in result.stderr

    def test_without_the_libraries_it_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        result = self.run(str(tmp_path / "page.txt"))
        assert result.exit_code == 2
        assert "pip install 'restore-cjk[review]'" in result.stderr


def test_where_decisions_go() -> None:
    assert decisions_path(Path("a/page.txt")) == Path("a/page.decisions.json")
    assert decisions_path(Path("page")) == Path("page.decisions.json")
    assert decisions_path(Path("v1.2.txt")) == Path("v1.2.decisions.json")
