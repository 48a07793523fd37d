"""Articles."""

from __future__ import annotations

import pytest

from specs import load, names
from specs.words import an


@pytest.mark.parametrize(
    "word", ["assignment", "id", "agreement", "account", "Order", "item", "umbrella", "update", "hour", "honour", "x-ray", "uncle", "entry"]
)
def test_vowel_has_an(word: str) -> None:
    assert an(word) == f"an {word}"


@pytest.mark.parametrize("word", ["contact", "uuid", "unit", "user", "use", "one-off", "European", "time_log", "house", "sample", "", "ubiquity"])
def test_consonant_has_a(word: str) -> None:
    assert an(word) == f"a {word}"


def test_resource_is_told_with_its_article() -> None:
    told = [resource.one for name in names() for resource in load(name).resources.values()]
    assert {"an assignment", "an agreement", "an account", "a contact", "a unit", "a time_log"} <= set(told)
