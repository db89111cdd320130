"""TEI P5: the restored text as an edition, every change in the markup of transcription.

Both texts can be read back, character by character, from the text inside ``head``, ``p``, ``byline`` and ``fw``:

========================================  ===============================  ==============================
markup                                    the source has                   the restored text has
========================================  ===============================  ==============================
text; ``<lb/>``                           it; a line feed                  the same
``<choice><sic/><corr/></choice>``        what is in ``sic``               what is in ``corr``
``<surplus>``                             what is in it                    nothing
``<supplied>``, a ``<corr>`` by itself    nothing                          what is in it
``<gap/>``                                nothing                          ``〔…〕``
``<lb break="no" rend="space"/>``         the white space ``rend`` names   nothing: a printed line end
``<g n="U+0007"/>``                       that character                   the same
========================================  ===============================  ==============================

The order is that of the restored text. A stretch that was moved is a ``seg``, an ``anchor`` stands where it stood,
and a ``transpose`` names the two: exchanging them, for every ``transpose``, gives the order of the source.

``@cert`` is the certainty, ``@resp`` the pass (described in the header), ``@n`` the id of the correction. What was only
proposed is not in the edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

import numpy as np

from restore.correction import GAP_MARK, Certainty, EditKind
from restore.decisions import REVIEW
from restore.restoration import Block, Restoration
from restore.writers.stream import Piece, blocks_of, pieces

__all__ = ["SPACES", "to_tei"]

#: Names of white space in ``@rend``; other characters are named by their number, as ``U+2003``.
SPACES = {" ": "space", "\n": "newline", "\r": "return", "\t": "tab", "\u3000": "ideographic-space"}

# what XML 1.0 cannot hold, and what would turn or hide the markup around it
_SPECIAL = re.compile(
    "[&<>\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "<lb/>", "\r": "&#13;"}
_CONVENTIONS = (
    "The text stands in the order of the restored page. choice holds what the dump has (sic) and what it was made (corr); "
    "surplus was taken out, supplied was put in, gap is lost text. lb is a line end of both texts, lb with break=no one of "
    "the dump alone, its white space named by rend. g is a character that XML cannot hold, named by n. Each transpose "
    "names a moved seg and the anchor where it stood: exchanging them gives the order of the dump. cert is the certainty, "
    "resp the pass, n the correction."
)


def to_tei(restoration: Restoration) -> bytes:
    """The restored text as a TEI P5 document, UTF-8."""
    return _Edition(restoration).document().encode("utf-8")


def _text(text: str) -> str:
    """Text as XML; what XML cannot hold as ``g``, a line feed as ``lb``."""
    return _SPECIAL.sub(lambda m: _ENTITIES.get(m[0]) or f'<g n="U+{ord(m[0]):04X}"/>', text)


def _plain(text: str) -> str:
    """Text of the header or an attribute, where a character's number must do."""
    return _SPECIAL.sub(lambda m: m[0] if m[0] in "&<>" else f"U+{ord(m[0]):04X}", text)


def _attributes(**values: str) -> str:
    return "".join(
        f" {name.replace('xml_', 'xml:')}={quoteattr(_plain(value))}"
        for name, value in values.items()
        if value
    )


def _escaped(text: str) -> str:
    return _plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Edition:
    def __init__(self, restoration: Restoration) -> None:
        self.restoration = restoration
        self.ledger = restoration.ledger
        self.passes: dict[int, str] = {}  # passes that did something, and their xml:id
        self.reviewed = False
        self.transposed: list[str] = []
        self.names: dict[int, str] = {}  # moved stretches, by their first source offset

    # ------------------------------------------------------------------ the document
    def document(self) -> str:
        body = self._body()
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0">
{self._header()}
<text xml:space="preserve">
<body>
{body}
</body>
</text>
</TEI>
"""

    def _header(self) -> str:
        r = self.restoration
        name = _escaped(r.source.name)
        statements = [
            f"<respStmt{_attributes(xml_id=identifier)}><resp>correction</resp>"
            f"<name>restore, pass {_escaped(self.ledger.passes[number])}</name></respStmt>\n"
            for number, identifier in sorted(self.passes.items())
        ]
        if self.reviewed:
            statements.append(
                '<respStmt xml:id="reviewer"><resp>review</resp><name>a person who decided about corrections</name></respStmt>\n'
            )
        settings = ", ".join(f"{k} {v}" for k, v in r.settings.items() if isinstance(v, str | bool))
        moves = f"<listTranspose>\n{''.join(self.transposed)}</listTranspose>\n" if self.transposed else ""
        return f"""<teiHeader>
<fileDesc>
<titleStmt><title>{name}</title>
{"".join(statements)}</titleStmt>
<publicationStmt><p>Restored from a text dump; not published.</p></publicationStmt>
<sourceDesc><p>{name}, SHA-256 {r.source.sha256}, read as {_escaped(r.source.encoding)}</p></sourceDesc>
</fileDesc>
<encodingDesc>
<appInfo><application ident="restore-cjk"{_attributes(version=_version(r.version))}><label>restore-cjk {_escaped(r.version)}</label><p>{_escaped(settings) or "default settings"}</p></application></appInfo>
<editorialDecl><correction><p>{_CONVENTIONS}</p></correction></editorialDecl>
</encodingDesc>
{"<profileDesc>" + chr(10) + moves + "</profileDesc>" + chr(10) if moves else ""}</teiHeader>"""

    def _body(self) -> str:
        blocks = blocks_of(self.restoration) or (Block(0, 0, "p", 1),)
        bounds = np.array([b.start for b in blocks[1:]], dtype=np.int64)
        parts: list[list[Piece]] = [[] for _ in blocks]
        k = 0
        for piece in pieces(self.restoration, bounds):
            while piece.after and k + 1 < len(blocks) and piece.out >= blocks[k + 1].start:
                k += 1
            parts[k].append(piece)
        self._name_moves(parts)
        return _Divisions().lay_out(
            (block, self._block(part)) for block, part in zip(blocks, parts, strict=True)
        )

    # ------------------------------------------------------------------ moves
    def _name_moves(self, parts: Iterable[list[Piece]]) -> None:
        """A name for every moved stretch that is whole in one block."""
        self.follows: dict[int, int] = {}  # the part of a moved stretch that goes on in the next block
        began: dict[int, int] = {}  # by its end
        anchored: set[int] = set()
        for part in parts:
            anchored.update(*(piece.anchors for piece in part))
            for start, end in _stretches(part):
                self.names[start] = ""
                began[end] = start
        for start in self.names:
            if start not in anchored:
                self.follows[began[start]] = start
        for number, start in enumerate(sorted(self.names), 1):
            self.names[start] = f"move-{number}"
            self.transposed.append(
                f'<transpose><ptr target="#move-{number}"/><ptr target="#move-{number}-from"/></transpose>\n'
            )

    def _anchors(self, piece: Piece) -> str:
        html = ""
        for start in piece.anchors:
            at: int | None = start
            while at is not None:
                html += f"<anchor{_attributes(xml_id=self.names[at] + '-from', type='moved')}/>"
                at = self.follows.get(at)
        return html

    # ------------------------------------------------------------------ text
    def _block(self, part: list[Piece]) -> str:
        ends = dict(_stretches(part))
        out: list[str] = []
        open_until = -1
        for piece in part:
            out.append(self._anchors(piece)) if open_until < 0 else None
            if piece.before and piece.start in ends:
                out.append(self._segment(piece))
                open_until = ends[piece.start]
            out.append(self._piece(piece))
            if open_until >= 0 and piece.before and piece.start + len(piece.before) == open_until:
                out.append("</seg>")
                open_until = -1
        return "".join(out)

    def _segment(self, piece: Piece) -> str:
        name = self.names[piece.start]
        return f"<seg{_attributes(xml_id=name, type='moved', **self._who(piece.mover))}>"

    def _who(self, index: int) -> dict[str, str]:
        """Certainty, responsibility and id of a correction."""
        c = self.ledger.corrs
        number = int(c["pass"][index])
        name = self.ledger.passes[number]
        if number not in self.passes:
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
            self.passes[number] = f"pass-{plain}" if plain == name else f"pass-{plain}-{number}"
        resp = f"#{self.passes[number]}"
        if index in self.restoration.decisions or name == REVIEW:
            self.reviewed = True
            resp += " #reviewer"
        level = Certainty(int(c["certainty"][index])).label
        return {"cert": level, "resp": resp, "n": self.ledger.identifier(index)}

    def _piece(self, piece: Piece) -> str:
        if piece.row < 0:
            return _text(piece.before)
        e = self.ledger.edits
        index = int(e["corr"][piece.row])
        who = self._who(index)
        about = _attributes(**who)
        name = self.ledger.passes[int(self.ledger.corrs["pass"][index])]
        if not piece.after:
            if piece.before.isspace() and ("\n" in piece.before or name == "join_lines"):
                rend = " ".join(SPACES.get(char) or f"U+{ord(char):04X}" for char in piece.before)
                return f'<lb break="no"{_attributes(rend=rend)}{about}/>'
            return f"<surplus{_attributes(reason=name)}{about}>{_text(piece.before)}</surplus>"
        if piece.before:
            return (
                f"<choice><sic>{_text(piece.before)}</sic><corr{about}>{_text(piece.after)}</corr></choice>"
            )
        if e["end"][piece.row] > e["start"][piece.row]:  # a replacement that goes on in another block
            return f"<corr{about}>{_text(piece.after)}</corr>"
        if int(e["kind"][piece.row]) == EditKind.GAP and piece.after == GAP_MARK:
            return f"<gap{_attributes(reason='lost')}{self._extent(index)}{about}/>"
        return f"<supplied{_attributes(reason=name)}{about}>{_text(piece.after)}</supplied>"

    def _extent(self, index: int) -> str:
        least, most = self.ledger.evidence.get(index, {}).get("extent_ems", (0.0, None))
        if most is None and not least:
            return ""
        bounds = {"atLeast": f"{max(0.0, least):.0f}"}
        if most is not None:
            bounds["atMost"] = f"{max(least, most):.0f}"
        return _attributes(unit="chars", **bounds)


def _stretches(part: list[Piece]) -> list[tuple[int, int]]:
    """Source ranges of the moved stretches in a block: each one move, together here and in the source."""
    out: list[tuple[int, int]] = []
    mover = -1
    for piece in part:
        if not piece.before:
            # supplied text between two pieces of one stretch stands inside it
            if piece.mover != mover:
                mover = -1
            continue
        if piece.mover < 0:
            mover = -1
            continue
        if piece.mover == mover and out and out[-1][1] == piece.start:
            out[-1] = (out[-1][0], piece.start + len(piece.before))
        else:
            out.append((piece.start, piece.start + len(piece.before)))
        mover = piece.mover
    return out


class _Divisions:
    """Blocks as divisions: an article each, a section for a headline inside it, furniture between them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.article = 0
        self.section = False
        self.at_top = True

    def lay_out(self, blocks: Iterable[tuple[Block, str]]) -> str:
        for block, text in blocks:
            if block.role == "furniture":
                self._close()
                self.lines.append(f'<fw type="furniture">{text}</fw>')
                continue
            if block.article != self.article or not self.article:
                self._close()
                self.article = max(block.article, 1)
                self.lines.append(f"<div{_attributes(type='article', n=str(self.article))}>")
                self.at_top = True
            self.lines.append(self._element(block.role, text))
        self._close()
        if all(line.startswith("<fw") for line in self.lines):
            self.lines.insert(0, "<div><p/></div>")  # a body is more than what stands around it
        return "\n".join(self.lines)

    def _element(self, role: str, text: str) -> str:
        if role in ("headline", "kicker", "subhead"):
            if not self.at_top:
                self.lines.extend(["</div>"] if self.section else [])
                self.lines.append('<div type="section">')
                self.section = self.at_top = True
            kind = {"headline": "main", "kicker": "kicker", "subhead": "sub"}[role]
            return f"<head{_attributes(type=kind)}>{text}</head>"
        if role == "byline" and self.at_top:
            return f"<byline>{text}</byline>"
        self.at_top = False
        if role == "caption":
            return f"<figure><head>{text}</head></figure>"
        return f"<p{_attributes(rend='byline' if role == 'byline' else '')}>{text}</p>"

    def _close(self) -> None:
        if self.article:
            self.lines.extend(["</div>"] * (2 if self.section else 1))
        self.article, self.section = 0, False


def _version(word: str) -> str:
    """A version as TEI's schema has it: numbers with points between."""
    found = re.match(r"\d+(\.[\da-zA-Z]+)*", word)
    return found[0] if found else "0"
