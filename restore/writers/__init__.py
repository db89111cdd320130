"""Formats out."""

from restore.writers.paths import output_path

__all__ = ["output_path"]
