"""Conversion between scripts with OpenCC, whose C++ build is asked for."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from restore.source import has_surrogate

__all__ = ["OpenCCError", "converter"]


class OpenCCError(ImportError):
    """The package ``opencc`` that is installed cannot be used."""


@cache
def converter(config: str) -> Callable[[str], str]:
    """A converter, made once: ``"s2t"``, ``"t2s"``, ``"s2tw"``, ``"s2hk"``, ``"t2jp"``, ...

    Bytes that could not be decoded (lone surrogates), which OpenCC refuses, stay as they are.

    Raises:
        OpenCCError: when OpenCC is missing, or is the pure-Python package of the same import name.
    """
    convert: Callable[[str], str] = _module().OpenCC(config).convert

    def around_bytes(text: str) -> str:
        if not has_surrogate(text):
            return convert(text)
        parts = re.split("([\ud800-\udfff]+)", text)
        return "".join(part if k % 2 else convert(part) for k, part in enumerate(parts))

    return around_bytes


def _module() -> Any:
    """The C++ OpenCC."""
    if importlib.util.find_spec("opencc") is None:
        raise OpenCCError("script conversion needs OpenCC: pip install opencc")
    if not any(importlib.util.find_spec(f"opencc.{name}") for name in ("clib", "opencc_clib")):
        raise OpenCCError(
            "the installed package `opencc` is the pure-Python opencc-python-reimplemented, which converts "
            "differently; replace it: pip uninstall opencc-python-reimplemented && "
            "pip install --force-reinstall opencc"
        )
    return importlib.import_module("opencc")
