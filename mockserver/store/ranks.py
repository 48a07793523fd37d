"""Where in a long sorted list a row stands, told without counting the way to it.

The list lies in a file; here are cuts in it, each a key, and how many rows there are from one to the next. A write changes a single
count, and a piece that has grown is cut up when it is next gone to, so that whatever is looked for is at most a piece away from a cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

__all__ = ["Ranks", "Source", "Sums"]

K = TypeVar("K", int, bytes)


class Source(Protocol[K]):
    """The list itself, as it is at the moment."""

    def count(self, low: K, high: K) -> int:
        """How many rows there are from one key up to another, counted one by one."""

    def after(self, low: K, steps: int) -> K:
        """The key of the row that is so many steps after the first one from a key on, walked one by one."""


class Sums:
    """Counts in a row, of which one changes and the sum of the first few is told in a few steps: a Fenwick tree."""

    __slots__ = ("_highest", "_tree")

    def __init__(self, counts: Sequence[int]) -> None:
        sums = list(accumulate(counts, initial=0))
        self._tree = [sums[at] - sums[at & (at - 1)] for at in range(len(sums))]
        self._highest = 1 << len(counts).bit_length() - 1

    def add(self, at: int, by: int) -> None:
        """Changes one count."""
        at += 1
        while at < len(self._tree):
            self._tree[at] += by
            at += at & -at

    def before(self, at: int) -> int:
        """The sum of the counts before one."""
        total = 0
        while at:
            total += self._tree[at]
            at &= at - 1
        return total

    def find(self, rank: int) -> tuple[int, int]:
        """Which count has the item of a rank, and how many of its own are before that."""
        at, step = 0, self._highest
        while step:
            further = at + step
            if further < len(self._tree) and self._tree[further] <= rank:
                at = further
                rank -= self._tree[further]
            step >>= 1
        return at, rank


class Ranks(Generic[K]):
    """The ranks of a list's rows: `lowest` is a key that none is below, `total` how many there are, `piece` how far apart cuts are.

    Where equalities begin and end there are cuts, too; some of them are left out again once they are many.
    """

    __slots__ = ("_counts", "_cuts", "_piece", "_source", "_sums", "total")

    def __init__(self, source: Source[K], lowest: K, total: int, *, piece: int) -> None:
        self._source: Source[K] = source
        self._piece = piece
        self.total = total
        self._cuts: list[K] = [lowest]
        self._counts = [total]
        self._sums: Sums | None = None

    def change(self, key: K, by: int) -> None:
        """Takes note that there is one row more (1), or one less (-1), with that key."""
        at = self._at(key)
        self.total += by
        self._counts[at] += by
        if self._sums is not None:
            self._sums.add(at, by)

    def rank(self, key: K) -> int:
        """How many rows are below a key; from now on there is a cut at it."""
        at = self._cut(key)
        return self._summed().before(at)

    def seek(self, rank: int) -> tuple[K, int]:
        """A cut at or before the row of a rank, of which there must be one, and how many steps it is from there."""
        at, steps = self._summed().find(rank)
        if self._counts[at] > 2 * self._piece:
            self._cut_up(at)
            at, steps = self._summed().find(rank)
        return self._cuts[at], steps

    def _at(self, key: K) -> int:
        """Which piece a key lies in."""
        return bisect_right(self._cuts, key) - 1

    def _summed(self) -> Sums:
        if self._sums is None:
            self._sums = Sums(self._counts)
        return self._sums

    def _cut(self, key: K) -> int:
        """Which piece begins at a key; it is made if need be."""
        at = self._at(key)
        if self._cuts[at] == key:
            return at
        if len(self._cuts) > 2 * (self.total // self._piece + self._piece):
            self._join()
            at = self._at(key)
        if self._counts[at] > 2 * self._piece:
            self._cut_up(at)
            at = self._at(key)
        if self._cuts[at] == key:
            return at
        before = self._source.count(self._cuts[at], key)
        self._put_in(at, [self._cuts[at], key], [before, self._counts[at] - before])
        return at + 1

    def _cut_up(self, at: int) -> None:
        """Cuts a piece into some of the right length, and what is left."""
        cuts, left = [self._cuts[at]], self._counts[at]
        while left > self._piece:
            cuts.append(self._source.after(cuts[-1], self._piece))
            left -= self._piece
        self._put_in(at, cuts, [self._piece] * (len(cuts) - 1) + [left])

    def _put_in(self, at: int, cuts: list[K], counts: list[int]) -> None:
        self._cuts[at : at + 1] = cuts
        self._counts[at : at + 1] = counts
        self._sums = None

    def _join(self) -> None:
        """Leaves out the cuts between pieces that are short together."""
        cuts, counts = self._cuts[:1], self._counts[:1]
        for cut, count in zip(self._cuts[1:], self._counts[1:], strict=True):
            if counts[-1] + count <= self._piece:
                counts[-1] += count
            else:
                cuts.append(cut)
                counts.append(count)
        self._cuts, self._counts, self._sums = cuts, counts, None
