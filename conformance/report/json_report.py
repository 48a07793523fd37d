"""The report for machines; its JSON Schema is shipped beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.report.document import document
from conformance.running.examination import Examination

__all__ = ["SCHEMA_FILE", "render", "schema"]

SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


def render(examination: Examination) -> str:
    """The examination as JSON, in UTF-8, with a line end."""
    text = json.dumps(document(examination), ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that every such report keeps."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded
