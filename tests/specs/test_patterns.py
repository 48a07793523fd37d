from __future__ import annotations

import re

import pytest

from specs.patterns import matching


@pytest.mark.parametrize(
    "pattern",
    [
        "^a$",
        "a|b",
        "^[a-c]+$",
        "^\\d{4}-\\d\\d$",
        "^[^x]$",
        "(ab)\\1",
        "^(?:x{2,5}y*?)+$",
        "^.{3}$",
        "\\w\\W\\s\\S\\D",
        "^$",
        "",
        "^sk_[A-Za-z0-9]{24}$",
        "^(?P<n>a)(?P=n)$",
        "^[\\w.-]+$",
        "^[^a]b$",
    ],
)
def test_text_matches_the_pattern(pattern: str) -> None:
    for seed in range(5):
        text = matching(pattern, seed)
        assert text is not None
        assert re.search(pattern, text)


def test_length_is_kept() -> None:
    text = matching("^[a-z]+$", 1, least=10, most=15)
    assert text is not None
    assert 10 <= len(text) <= 15


@pytest.mark.parametrize("pattern", ["(", "^a(?=b)c$", "$a"])
def test_pattern_that_nothing_matches_gives_nothing(pattern: str) -> None:
    assert matching(pattern, 0) is None
