"""The documented list that all are given to answer with, at a usual length."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Listing", "written"]

ROOT = Path(__file__).parent.parent
_PROJECTS = 11
"""The longest list that a document shows has three projects, 1.4 kB; eleven come nearest to 4.7 kB."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A spec whose list is about 4.7 kB long: its file, the base path and the path of the list, the header that opens it, and the bytes."""

    spec: Path
    base: str
    path: str
    authorization: str
    body: Path


def written(folder: Path) -> Listing:
    """88 Miles' spec in a folder of its own, the projects of its documented list repeated until there are enough."""
    spec, fixtures = folder / "88miles.yaml", folder / "fixtures" / "88miles"
    shutil.copytree(ROOT / "fixtures" / "88miles", fixtures, dirs_exist_ok=True)
    shipped = (ROOT / "specs" / "apis" / spec.name).read_text("utf-8")
    spec.write_text(shipped.replace("../../fixtures/", "fixtures/"), encoding="utf-8")  # what a spec refers to lies below it
    example: dict[str, Any] = json.loads((fixtures / "list.json").read_bytes())
    value = example["value"]
    value["response"] = list(islice(cycle(value["response"]), _PROJECTS))
    value["count"] = _PROJECTS
    (fixtures / "list.json").write_bytes(orjson.dumps(example))
    body = folder / "list-body.json"
    body.write_bytes(orjson.dumps(value))
    return Listing(spec, "/api/1", "/projects.json", "Bearer miles-full-token", body)
