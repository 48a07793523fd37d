"""Whatever a file holds, loading it gives a `Spec` or a `SpecError`, soon."""

from __future__ import annotations

import copy
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import specs
from specs.errors import SpecError
from specs.reading import read

Write = Callable[..., Path]

LIBRARY: Any = read(Path(__file__).parent / "data" / "library.yaml").value

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"


def loaded_or_refused(path: Path) -> specs.Spec | SpecError:
    try:
        return specs.load(path)
    except SpecError as error:
        refusal = error
    assert refusal.problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in refusal.problems)
    assert str(refusal)
    return refusal


def places_in(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for step, below in inner for place in places_in(below, (*way, step)))]


PLACES = [place for place in places_in(LIBRARY) if place]
ODD = st.sampled_from(
    [
        None, True, False, 0, -1, 10**30, 1.5, "", "x", "\x85", "$ref", [], {}, [[]], [None], {"": None}, {"$ref": "#/paths"}, {"$ref": "#"}, {"$ref": "#/"},
        {"$ref": 3}, {"$ref": "#/components/schemas/Book"}, {"$ref": "library.yaml"}, {"$ref": "."}, {"$ref": "library.yaml#/components/schemas"},
        {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Book"}}}, ["listBooks"], "listBooks", "books", {"x-a": 1}, "{books.id}",
    ]
)  # fmt: skip


@st.composite
def changed_specs(draw: st.DrawFn) -> Any:
    value = copy.deepcopy(LIBRARY)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(PLACES))
        holder = value
        for step in way[:-1]:
            try:
                holder = holder[step]
            except (LookupError, TypeError):
                break
        else:
            if isinstance(holder, dict) and way[-1] in holder:
                _change(draw, holder, way[-1])
            elif isinstance(holder, list) and way[-1] < len(holder):
                holder[way[-1]] = draw(ODD)
    return value


def _change(draw: st.DrawFn, holder: dict[str, Any], key: str) -> None:
    match draw(st.sampled_from(["replace", "remove", "rename", "add"])):
        case "replace":
            holder[key] = draw(ODD)
        case "remove":
            del holder[key]
        case "rename":
            holder[key + draw(st.sampled_from(["s", "{x}", "/", " ", "~1"]))] = holder.pop(key)
        case _:
            holder[draw(st.sampled_from(["$ref", "x", "schema", "allOf", "items", "parameters", "of", "$id", "content", "example", "examples"]))] = draw(ODD)


@given(changed_specs())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_changed_spec_loads_or_is_refused(value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.json"
        path.write_text(json.dumps(value), "utf-8")
        if isinstance(loaded_or_refused(path), specs.Spec):
            specs.lint(path)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_random_bytes_are_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_bytes(data)
        assert isinstance(loaded_or_refused(path), SpecError)


@given(st.integers(0, 5000), st.text(max_size=3))
@settings(max_examples=150, deadline=None)
def test_damaged_text_loads_or_is_refused(at: int, piece: str) -> None:
    text = (Path(__file__).parent / "data" / "library.yaml").read_text("utf-8")
    at = min(at, len(text))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.yaml"
        path.write_bytes((text[:at] + piece + text[at + len(piece) :]).encode("utf-8", "replace"))
        loaded_or_refused(path)


def _chain(number: int) -> str:
    links = [f"P{one}: {{$ref: '#/components/parameters/P{one + 1}'}}" for one in range(number)]
    return HEAD + f"paths: {{}}\ncomponents: {{parameters: {{{', '.join(links)}, P{number}: {{name: a, in: query}}}}}}"


def _schema_chain(number: int) -> str:
    links = [f"S{one}: {{properties: {{a: {{$ref: '#/components/schemas/S{one + 1}'}}}}}}" for one in range(number)]
    use = "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/S0'}}}}}}}}"
    return HEAD + f"{use}\ncomponents: {{schemas: {{{', '.join(links)}, S{number}: {{type: string}}}}}}"


def _callback_chain(number: int) -> str:
    links = [f"C{one}: {{x: {{post: {{callbacks: {{next: {{$ref: '#/components/callbacks/C{one + 1}'}}}}}}}}}}" for one in range(number)]
    return HEAD + f"paths: {{}}\ncomponents: {{callbacks: {{{', '.join(links)}, C{number}: {{}}}}}}"


@pytest.mark.parametrize("made", [_chain(3000), _schema_chain(3000), _callback_chain(3000)], ids=["parameters", "schemas", "callbacks"])
def test_long_chain_of_references_is_no_deep_recursion(written: Write, made: str) -> None:
    began = time.perf_counter()
    loaded_or_refused(written(made))
    assert time.perf_counter() - began < 20


def test_spec_may_refer_to_itself_whole(written: Write) -> None:
    loaded_or_refused(written(HEAD + "paths: {/a: {get: {responses: {'200': {$ref: '#'}}}}}"))


@pytest.mark.parametrize("mistyped", [3, "x", [], [1], {}, {"a": 1}, None, True])
def test_mistyped_extension_is_refused_or_empty(written: Write, mistyped: Any) -> None:
    for key in ("x-documents", "x-seed", "x-resources", "x-conventions"):
        path = written(HEAD + "paths: {}\n" + yaml.safe_dump({key: mistyped}))
        found = loaded_or_refused(path)
        assert isinstance(found, specs.Spec) == (mistyped == {})
