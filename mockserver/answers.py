"""Data that an operation answers with instead of its record: a template, filled from the records that it made or found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.refusals import fill

__all__ = ["answered"]


def answered(template: Any, records: Sequence[Mapping[str, Any]]) -> Any:
    """The template filled from the first record; a member with a placeholder in its name stands once for each record."""
    if isinstance(template, Mapping):
        found: dict[str, Any] = {}
        for name, value in template.items():
            if "{" in name:
                found.update({str(fill(name, record)): answered(value, [record]) for record in records})
            else:
                found[name] = answered(value, records)
        return found
    if isinstance(template, list):
        return [answered(value, records) for value in template]
    return fill(template, records[0])
