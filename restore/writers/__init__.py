"""Formats out: where results go, and how they are written."""

from restore.writers.page import page_xml
from restore.writers.paths import output_path
from restore.writers.rows import RowWriter, row, write_jsonl, write_parquet, writing

__all__ = ["RowWriter", "output_path", "page_xml", "row", "write_jsonl", "write_parquet", "writing"]
