"""The order of rows as bytes: what both stores keep their lists sorted by.

A value becomes bytes that compare as `sort_value` does, and of which none is the beginning of another's; so those of several
members stand one after the other, and a single comparison of bytes tells which row comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

import orjson

from mockserver.store import Key, sort_value

__all__ = ["AS_THEY_LIE", "BY_ACCOUNT", "END", "Arrangement"]

END = b"\xff"
"""Added to the beginning of entries, gives what is greater than all of them: neither a value nor a place starts so."""

_FIRST_NULL, _LAST_NULL = b"\x01", b"\x0b"
"""What null is sorted by: before or after all other values."""

_PLACE = Struct(">Q")
_FLOAT = Struct(">d")
_BITS = Struct(">Q")
_SIGN = 1 << 63
_ALL = (1 << 64) - 1
_REST = Struct(">H")
_NO_REST = 1 << 15
_TURNED = bytes(range(255, -1, -1))


class Arrangement(NamedTuple):
    """What a list of rows is for: whether it is parted by account, the members looked up in it, and its order after those."""

    by_account: bool
    members: tuple[str, ...]
    order: tuple[Key, ...]

    def entry_of(self) -> Callable[[str, Mapping[str, Any], int], bytes]:
        """What gives the entry of a row: what it is sorted by, and no other row has."""
        by_account, members = self.by_account, self.members
        order = [(key.member, _FIRST_NULL if key.nulls_first else _LAST_NULL, key.descending) for key in self.order]

        def entry(account: str, record: Mapping[str, Any], place: int) -> bytes:
            parts = [_account(account)] if by_account else []
            parts += [_encoded(record.get(member)) for member in members]
            for member, null, descending in order:
                part = _encoded(record.get(member), null)
                parts.append(part.translate(_TURNED) if descending else part)
            parts.append(_PLACE.pack(place))
            return b"".join(parts)

        return entry

    def beginning(self, account: str | None, values: Sequence[Any]) -> bytes:
        """What the entries of all rows begin with that are an account's and have these values."""
        own = b"" if not self.by_account or account is None else _account(account)
        return own + b"".join([_encoded(value) for value in values])

    def dumped(self) -> str:
        """The arrangement as JSON."""
        return orjson.dumps([self.by_account, self.members, [list(key) for key in self.order]]).decode()

    @classmethod
    def loaded(cls, text: str) -> Arrangement:
        """The arrangement that this JSON is of."""
        by_account, members, order = orjson.loads(text)
        return cls(by_account, tuple(members), tuple(Key(*key) for key in order))


AS_THEY_LIE = Arrangement(by_account=False, members=(), order=())
"""The order in which the rows were put."""

BY_ACCOUNT = Arrangement(by_account=True, members=(), order=())
"""The same, for the rows of each account."""


def _encoded(value: Any, null: bytes = _LAST_NULL) -> bytes:
    """A value as bytes, the first of which is its rank."""
    if value is None:
        return null
    rank, value = sort_value(value)
    if rank == 2:
        return b"\x04" + _ended(value.encode(errors="surrogatepass"))
    if rank == 1:
        return b"\x03" + _number(value)
    return b"\x02\x01" if value is True else b"\x02\x00" if value is False else b"\x05" + _ended(value)


def _ended(text: bytes) -> bytes:
    """Text with an end that sorts before whatever could go on in its place."""
    return (text.replace(b"\x00", b"\x00\xff") if b"\x00" in text else text) + b"\x00\x00"


@lru_cache(maxsize=1024)
def _account(name: str) -> bytes:
    return _encoded(name)


def _number(value: float) -> bytes:
    """The nearest float, its bits so that they sort, and how far a whole number is from it: those of 64 bits have none of their own."""
    try:
        nearest = float(value) + 0.0
    except OverflowError:
        nearest = float("inf") if value > 0 else float("-inf")
    (bits,) = _BITS.unpack(_FLOAT.pack(nearest))
    rest = 0 if isinstance(value, float) or nearest in (float("inf"), float("-inf")) else max(1 - _NO_REST, min(value - int(nearest), _NO_REST - 1))
    return _BITS.pack(bits ^ (_ALL if bits & _SIGN else _SIGN)) + _REST.pack(_NO_REST + rest)
