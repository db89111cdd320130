"""Glyphs that may be mistaken: what may have been printed instead, and what speaks for it."""
