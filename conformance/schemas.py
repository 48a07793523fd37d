"""Holds values against JSON Schemas, and says in words where they differ. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema
import jsonschema_rs

__all__ = ["mismatch"]

LONGEST = 200
"""Characters of a message: a validator may quote the whole value."""


def mismatch(schema: Mapping[str, Any], value: Any) -> str | None:
    """The first way in which a value breaks a JSON Schema, as `place: what is wrong`, or None."""
    written = json.dumps(schema, sort_keys=True)
    try:
        error = next(iter(_fast(written).iter_errors(value)), None)
    except (UnicodeEncodeError, ValueError):
        # Lone surrogates and the like: JSON may hold them, the fast validator can't.
        return _slowly(written, value)
    return None if error is None else _worded(error.instance_path, error.message)


@lru_cache(maxsize=256)
def _fast(written: str) -> Any:
    return jsonschema_rs.validator_for(json.loads(written), validate_formats=True)


def _slowly(written: str, value: Any) -> str | None:
    validator = jsonschema.Draft202012Validator(json.loads(written))
    error = next(iter(validator.iter_errors(value)), None)
    return None if error is None else _worded(list(error.absolute_path), error.message)


def _worded(path: list[str | int], message: str) -> str:
    place = "".join(f"/{part}" for part in path)
    short = message if len(message) <= LONGEST else message[:LONGEST] + "…"
    return f"{place or 'the whole'}: {short}"
