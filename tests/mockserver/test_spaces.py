"""The bounds of spaces."""

from __future__ import annotations

from random import Random

import pytest

from mockserver.clock import Clock
from mockserver.pipeline import Space
from mockserver.spaces import IDLE, SpaceError, Spaces
from mockserver.store.memory import MemoryStore


class Watch:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def made(name: str) -> Space:
    return Space(name, MemoryStore(), Clock(0), Random(0))


def test_name_gives_the_same_space_each_time() -> None:
    spaces = Spaces(made, 2)
    assert spaces.get("one") is spaces.get("one")
    assert spaces.get("one") is not spaces.get("two")


def test_idle_space_makes_room_least_recently_used_first() -> None:
    watch = Watch()
    spaces = Spaces(made, 2, watch)
    spaces.get("one")
    spaces.get("two")
    watch.seconds = 1
    spaces.get("one")
    watch.seconds = IDLE
    spaces.get("three")
    assert [space.name for space in spaces.all()] == ["one", "three"]


def test_space_in_use_is_never_thrown_away() -> None:
    watch = Watch()
    spaces = Spaces(made, 1, watch)
    spaces.get("one")
    watch.seconds = IDLE - 1
    with pytest.raises(SpaceError, match="no more are allowed") as told:
        spaces.get("two")
    assert told.value.status == 409
    assert [space.name for space in spaces.all()] == ["one"]


def test_no_spaces_may_be_allowed() -> None:
    with pytest.raises(SpaceError, match="There are 0 spaces"):
        Spaces(made, 0).get("one")


def test_dropped_space_is_forgotten() -> None:
    spaces = Spaces(made, 1)
    first = spaces.get("one")
    assert (spaces.drop("one"), spaces.drop("one")) == (True, False)
    assert spaces.get("one") is not first
