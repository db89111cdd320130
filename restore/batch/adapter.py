"""For programs with their own way of going through many documents: Ray Data, datatrove, pandas, a loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from restore.batch.page import restore_page
from restore.batch.plan import Plan
from restore.pipeline import Pipeline, told
from restore.readers import Document
from restore.source import Source

__all__ = ["Restorer"]


class Restorer:
    """Restores texts by plain Python values; can be pickled, and loads the model where and when it is first used.

    >>> from restore.batch import Plan, Restorer
    >>> restorer = Restorer(Plan(passes=("join_lines", "spaces", "punctuation")))
    >>> restorer("新修的水渠上 月通水,沿线三个 村的两千亩稻田都 能浇上水。村民们 都说好。")["text"]
    '新修的水渠上月通水，沿线三个村的两千亩稻田都能浇上水。村民们都说好。'
    """

    def __init__(self, plan: Plan | None = None, *, text: str = "text", id: str = "id") -> None:
        """With a plan.

        Args:
            plan: settings; whether there is a record, and a report.
            text, id: columns, keys or attributes that hold the text and the id of a document.
        """
        self.plan = plan or Plan(report="none")
        self.text, self.id = text, id

    @cached_property
    def _pipeline(self) -> Pipeline:
        return self.plan.pipeline()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_pipeline"}

    def __call__(self, text: str, id: str = "text") -> dict[str, Any]:
        """Restore one text.

        Returns:
            ``text``; ``record`` (JSON, or None); ``report`` (HTML, or None); ``statistics`` by pass; ``need``: how
            much there is for a person to judge; ``error``: why it could not be restored, or None. With an error,
            ``text`` is what came in.
        """
        try:
            page = restore_page(Document(id, Source(text)), self.plan, self._pipeline)
        except Exception as error:
            return {
                "text": text,
                "record": None,
                "report": None,
                "statistics": {},
                "need": 0.0,
                "error": told(error),
            }
        return {
            "text": page.text.decode("utf-8", "surrogateescape"),
            "record": None if page.record is None else page.record.decode(),
            "report": None if page.report is None else page.report.decode(),
            "statistics": page.summary.statistics,
            "need": page.summary.need,
            "error": None,
        }

    def batch(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Columns in, columns out (``Dataset.map_batches`` of Ray, ``Dataset.map`` of Hugging Face).

        The text column is replaced; ``restore_record``, ``restore_need`` and ``restore_error`` are added. What is no
        text (None, NaN) stays what it is, with an error.

        Raises:
            KeyError: when there is no text column.
        """
        if self.text not in columns:
            raise KeyError(f"there is no column {self.text!r}, only {', '.join(map(repr, columns))}")
        texts = list(columns[self.text])
        ids = (
            [str(one) for one in columns[self.id]]
            if self.id in columns
            else [str(k) for k in range(len(texts))]
        )
        made = [self(text, name) for text, name in zip(texts, ids, strict=True)]
        added = {f"restore_{name}": [one[name] or "" for one in made] for name in ("record", "error")}
        return {
            **columns,
            self.text: [one["text"] for one in made],
            "restore_need": [one["need"] for one in made],
            **added,
        }

    def documents(self, documents: Iterable[Any]) -> Iterator[Any]:
        """Documents with attributes, one after another, their text replaced in place (a step of a datatrove pipeline).

        What has ``metadata`` gets ``restore_need`` and, where it applies, ``restore_error`` there.
        """
        for number, one in enumerate(documents):
            made = self(getattr(one, self.text), str(getattr(one, self.id, number)))
            setattr(one, self.text, made["text"])
            metadata = getattr(one, "metadata", None)
            if isinstance(metadata, dict):
                metadata["restore_need"] = made["need"]
                if made["error"]:
                    metadata["restore_error"] = made["error"]
            yield one
