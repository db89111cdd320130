"""The diff report."""
