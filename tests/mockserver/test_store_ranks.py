"""Ranks in a sorted list, held against counting one by one."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from mockserver.store.ranks import Ranks, Sums


class Numbers:
    """A list as a file has one, that notes how far it was walked."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = sorted(numbers)
        self.walked = 0

    def count(self, low: int, high: int) -> int:
        counted = bisect_left(self.numbers, high) - bisect_left(self.numbers, low)
        self.walked += counted
        return counted

    def after(self, low: int, steps: int) -> int:
        self.walked += steps
        return self.numbers[bisect_left(self.numbers, low) + steps]


def ranks_of(numbers: Numbers, piece: int) -> Ranks[int]:
    return Ranks(numbers, 0, len(numbers.numbers), piece=piece)


COUNTS = st.lists(st.integers(0, 9), min_size=1, max_size=40)


@given(counts=COUNTS, changes=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 9))))
def test_sums_are_those_of_the_counts(counts: list[int], changes: list[tuple[int, int]]) -> None:
    sums = Sums(counts)
    for at, to in changes:
        at %= len(counts)
        sums.add(at, to - counts[at])
        counts[at] = to
    before = list(accumulate(counts, initial=0))
    assert [sums.before(at) for at in range(len(before))] == before
    ranks = [(at, rank) for at, many in enumerate(counts) for rank in range(many)]
    assert [sums.find(rank) for rank in range(before[-1])] == ranks


@given(
    first=st.sets(st.integers(0, 200)),
    steps=st.lists(st.tuples(st.sampled_from(["change", "change", "rank", "seek"]), st.integers(0, 200)), max_size=80),
    piece=st.integers(1, 4),
)
def test_ranks_are_those_of_the_list(first: set[int], steps: list[tuple[str, int]], piece: int) -> None:
    numbers = Numbers(list(first))
    ranks = ranks_of(numbers, piece)
    for step, number in steps:
        if step == "change":
            at = bisect_left(numbers.numbers, number)
            there = numbers.numbers[at : at + 1] == [number]
            ranks.change(number, -1 if there else 1)
            numbers.numbers.remove(number) if there else insort(numbers.numbers, number)
        elif step == "rank":
            assert ranks.rank(number) == bisect_left(numbers.numbers, number)
        elif number < len(numbers.numbers):
            cut, further = ranks.seek(number)
            assert further < 2 * piece
            assert numbers.after(cut, further) == numbers.numbers[number]
        assert ranks.total == len(numbers.numbers)


def test_each_row_is_near_a_cut_after_many_writes() -> None:
    numbers = Numbers(list(range(0, 100_000, 2)))
    ranks = ranks_of(numbers, 100)
    ranks.seek(0)
    for number in range(1, 20_001, 2):
        insort(numbers.numbers, number)
        ranks.change(number, 1)
    numbers.walked = 0
    for rank in range(0, 60_000, 1_000):
        cut, further = ranks.seek(rank)
        assert (further <= 200, bisect_left(numbers.numbers, cut) + further) == (True, rank)
    assert numbers.walked <= 60_000


def test_rank_is_counted_once() -> None:
    numbers = Numbers(list(range(10_000)))
    ranks = ranks_of(numbers, 100)
    assert (ranks.rank(5_555), ranks.rank(9_999)) == (5_555, 9_999)
    numbers.walked = 0
    ranks.change(3, -1)
    assert (ranks.rank(5_555), ranks.rank(9_999), numbers.walked) == (5_554, 9_998, 0)


def test_cuts_for_equalities_stay_few() -> None:
    numbers = Numbers(list(range(10_000)))
    ranks = ranks_of(numbers, 100)
    for number in range(0, 10_000, 3):
        assert ranks.rank(number) == number
    assert len(ranks._cuts) <= 2 * (100 + 100) + 1
