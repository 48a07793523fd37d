"""Writes the extension's JSON Schema anew: `python -m specs.schema`."""

from __future__ import annotations

from specs.schema import path, text

path().write_text(text(), encoding="utf-8", newline="\n")
