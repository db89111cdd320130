"""Roles of the blocks of a restored text: headline, kicker, subhead, byline, paragraph, caption, furniture."""

from __future__ import annotations

import regex

from restore.language.names import byline_words
from restore.layout.furniture import furniture_lines
from restore.restoration import Block

__all__ = ["structure"]

_BLOCK = regex.compile(r"\S(?:[^\n]|\n(?!\s*\n))*")
_BYLINE = regex.compile(
    rf"(?:{byline_words('box', 'sign')}|[（(\s])*{byline_words('paper')}?\s*{byline_words('rank', 'grade')}?\s*"
    rf"{byline_words('reporter', 'commentator', 'contributor')}"
    r"[\s:：]*[\p{Han}·]{2,4}(?:[\s、　]+[\p{Han}·]{2,4})*[\s摄攝报报道報導影）)]*"
    r"|[（(][\p{Han}·]{2,4}(?:[\s、　]+[\p{Han}·]{2,4})*[）)]"
)
_CAPTION = regex.compile(rf"(?:^[▲△▼▽◀▶←→↑↓]|^{byline_words('picture')}|(?:摄|攝)[）)。]?$|^〔?图片?[:：])")
_STOPS = "。！？!?…；;"
_CLOSING = "”’\"'」』）)》"
_LONGEST_HEADLINE = 44
_KICKER = 24


def structure(text: str) -> tuple[Block, ...]:
    """Blocks of a text with their roles, and the number of the article each belongs to (0: none).

    A headline is short, ends no sentence, and stands before text; the block before it that is short too is its kicker; the
    ones behind, until text begins, are subheads or bylines. An article runs from its headline to the next.
    """
    spans = [m.span() for m in _BLOCK.finditer(text)]
    bodies = [text[a:b].strip() for a, b in spans]
    apart = furniture_lines(["".join(t.split()) for t in bodies])
    roles: list[str] = []
    for body, is_furniture in zip(bodies, apart.tolist(), strict=True):
        if is_furniture:
            roles.append("furniture")
        elif _BYLINE.fullmatch(body):
            roles.append("byline")
        elif len(body) <= 80 and _CAPTION.search(body):
            roles.append("caption")
        elif (
            len(body) <= _LONGEST_HEADLINE
            and not _ends_sentence(body)
            and "〔…〕" not in body
            and body.count("，") < 3
        ):
            roles.append("headline")
        else:
            roles.append("p")
    out: list[Block] = []
    article = 0
    previous = "furniture"
    for k, ((a, b), role) in enumerate(zip(spans, roles, strict=True)):
        if role == "headline":
            begins = previous in ("p", "furniture", "caption") or (
                previous == "byline" and _text_before(roles, k)
            )
            following = roles[k + 1] if k + 1 < len(roles) else "furniture"
            if begins:
                article += 1
                if (
                    following == "headline"
                    and len(bodies[k]) <= _KICKER
                    and len(bodies[k + 1]) > len(bodies[k])
                ):
                    role = "kicker"
            elif previous == "headline":
                role = "subhead"
            previous = "headline" if role != "kicker" else "kicker"
        else:
            previous = role
        out.append(Block(a, b, role, 0 if role == "furniture" else max(article, 1)))
    return tuple(out)


def _text_before(roles: list[str], k: int) -> bool:
    """Whether the byline before place ``k`` closed an article rather than opened one."""
    return k >= 2 and roles[k - 2] == "p"


def _ends_sentence(body: str) -> bool:
    end = len(body) - 1
    while end > 0 and body[end] in _CLOSING:
        end -= 1
    return body[end] in _STOPS or body[-1] in "，,、：:"
