from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.errors import SpecError
from specs.reading import MAX_BYTES, parse, read
from specs.tree import MAX_DEPTH

Write = Callable[..., Path]

printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable, inner, max_size=4),
    max_leaves=20,
)


def problem_of(text: str, *, json_text: bool = False) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text, "f", json_text=json_text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("2024-01-31", "2024-01-31"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("-7", -7),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("~", None),
        ("null", None),
        ("True", True),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("18446744073709551616", 18446744073709551616.0),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_scalar_is_read_by_the_core_schema(text: str, value: object) -> None:
    found = parse(text).value
    assert found == value
    assert type(found) is type(value)


def test_keys_are_always_text() -> None:
    assert parse("200: a\ntrue: b\non: c\nnull: d").value == {"200": "a", "true": "b", "on": "c", "null": "d"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x", "f:1:4: anchor &x"),
        ("b: *x", "f:1:4: alias *x"),
        ("a: {<<: {b: 1}}", "f:1:5: merge key <<"),
        ("a: 1\nb: 2\na: 3", "f:3:1: the key 'a' stands twice; expected each key once; the first is on line 1"),
        ("a: !!python/object:os.system x", "f:1:4: tag tag:yaml.org,2002:python/object:os.system"),
        ("a: !!binary aGk=", "f:1:4: tag"),
        ("a: !!set {b}", "f:1:4: tag"),
        ("a: .nan", "f:1:4: .nan is not a finite number"),
        ("a: -.inf", "f:1:4: -.inf is not a finite number"),
        ("a: 1e999", "f:1:4: the number 1e999 is too large"),
        ("a: 1\n---\nb: 2", "f:2:1: a second document"),
        ("? [a]\n: b", "f:1:3: a mapping or list as a key"),
        ("a: [1, 2", "not YAML"),
        ("a: 'x", "not YAML"),
        ("a: b: c", "f:1:5: not YAML"),
        ("a: \x07", "control character"),
        ("  \n", "the file is empty"),
    ],
)
def test_unsafe_or_broken_text_is_refused_with_its_place(text: str, said: str) -> None:
    assert said in problem_of(text)


def test_all_duplicate_keys_are_told_at_once() -> None:
    assert problem_of("a: 1\na: 2\nb: {c: 1, c: 2}").count("stands twice") == 2


def test_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 40)]
    began = time.perf_counter()
    assert "anchor &a0" in problem_of("\n".join(lines))
    assert time.perf_counter() - began < 20  # it ends; how fast is not the point


@pytest.mark.parametrize("text", ["[" * 10_000, "[" * 10_000 + "]" * 10_000, "{a: " * 10_000, "- " * 10_000 + "x"])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested too deeply" in problem_of(text) or "not YAML" in problem_of(text)


@pytest.mark.parametrize("text", ["[" * 10_000 + "]" * 10_000, '{"a":' * 100 + "1" + "}" * 100])
def test_deep_json_is_refused(text: str) -> None:
    assert "nested too deeply" in problem_of(text, json_text=True)


def test_as_many_levels_as_allowed_are_read() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert parse(text).value == parse(text, json_text=True).value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "f:1:10: the key 'a' stands twice"),
        ('{"a": NaN}', "NaN is not a finite number"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too large"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": \n', "f:2:1: not JSON"),
        ("{'a': 1}", "f:1:2: not JSON"),
    ],
)
def test_broken_json_is_refused(text: str, said: str) -> None:
    assert said in problem_of(text, json_text=True)


def test_huge_text_is_only_text() -> None:
    assert len(parse("a: " + "x" * 3_000_000).value["a"]) == 3_000_000


def test_huge_number_is_refused() -> None:
    assert "is too large" in problem_of("a: " + "9" * 100_000)


def test_places_lead_to_keys_and_values() -> None:
    tree = parse("a:\n  b: [1,\n    two]\n  c:\n    d: e\n")
    assert tree.place(("a", "b", 1)) == (3, 5)
    assert tree.place(("a", "c")) == (4, 3)
    assert tree.place(("a", "c", "d")) == (5, 8)
    assert tree.place(("a", "c", "d"), of_key=True) == (5, 5)
    assert tree.place(("a", "c", "absent")) == (4, 3)


def test_places_in_json_are_found_when_asked_for() -> None:
    tree = parse('{"x": "\\ud83d\\ude00", "a": {\n "b": [1,\n 2]}}', json_text=True)
    assert tree.value["x"] == "\U0001f600"
    assert tree.place(("a", "b", 1)) == (3, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: \xff\n", ":1:4: byte 0xff is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "control character"),
        (b"\x89PNG\r\n\x1a\n\x00", "UTF-8"),
        ("a: b".encode("utf-16"), "UTF-8"),
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"a: \x00", "control character"),
        (b"x" * (MAX_BYTES + 1), "larger than 16 MiB"),
    ],
)
def test_file_that_is_no_text_is_refused(written: Write, content: bytes, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        read(written(content))


def test_byte_order_mark_is_skipped(written: Write) -> None:
    assert read(written(b"\xef\xbb\xbfa: 1")).value == {"a": 1}


def test_directory_and_absent_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="this is a directory"):
        read(tmp_path)
    with pytest.raises(SpecError, match="can't be read"):
        read(tmp_path / "absent.yaml")


@given(json_values)
@settings(max_examples=100, deadline=None)
def test_json_reads_the_same_by_both_readers(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert parse(text, json_text=True).value == parse(text).value == value


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    for json_text in (False, True):
        problems: tuple[object, ...] | None = None
        try:
            parse(text, json_text=json_text)
        except SpecError as error:
            problems = error.problems
        assert problems != ()
