"""Words in what is told: the article that one needs."""

from __future__ import annotations

import re

__all__ = ["an"]

_VOWEL = re.compile(r"(?!eu|ewe|one|once|u[bknrst][aeiou]|uu|ui)[aeiou]|hour|honest|honou?r|heir|[fhlmnrsx]\b", re.IGNORECASE)
"""How a word begins that is spoken with a vowel first: `hour` does, and `unit` does not."""


def an(word: str) -> str:
    """The word after the article that it needs: `an assignment`, `a unit`."""
    return f"{'an' if _VOWEL.match(word) else 'a'} {word}"
