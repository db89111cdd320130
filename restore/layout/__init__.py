"""Printed lines: how wide they are, where they end, which stand in one row or block."""
