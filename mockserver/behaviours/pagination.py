"""Cuts a list into pages, and tells about them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mockserver.misbehaviours.pagination import FAULTS
from mockserver.pipeline import Answer, Call, Refusal, Stage, Step
from mockserver.pointer import Tokens, tokens
from specs.conventions.pagination import Pagination

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_FARTHEST = 2**62


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Reads where to begin and how many, and puts numbers and links into the body."""
    if served.effect != "list":
        return {}
    pages = Pages(group.parameters)
    found: dict[Stage, Step] = {Stage.VALIDATION: pages.cut}
    if pages.tells:
        found[Stage.DOCUMENT] = pages.tell
    return found


class Pages:
    """The pages of one operation's list."""

    def __init__(self, parameters: Pagination) -> None:
        self.parameters = parameters
        self.default = parameters.default or parameters.stub_default
        self.maximum = parameters.maximum or parameters.stub_maximum
        numbers = parameters.numbers
        self._numbers: list[tuple[Tokens, Callable[[Call, int], Any]]] = [
            (tokens(pointer), tell)
            for pointer, tell in (
                (numbers.page, lambda call, size: self.page_at(call.wanted.offset, size)),
                (numbers.per_page, lambda call, size: size),  # noqa: ARG005
                (numbers.total_pages, lambda call, size: pages_of(call.total, size)),
                (numbers.total_records, lambda call, size: call.total),  # noqa: ARG005
                (numbers.maximum, lambda call, size: self.maximum),  # noqa: ARG005
            )
            if pointer is not None
        ]
        self._next_cursor = tokens(parameters.next_cursor) if parameters.next_cursor is not None else None
        self._links = {name: tokens(pointer) for name, pointer in parameters.links.items()}
        self.tells = bool(self._numbers or self._links or self._next_cursor is not None or parameters.link_header)

    def cut(self, call: Call) -> Answer:
        """Sets offset and limit of what the call wants."""
        parameters = self.parameters
        source: Any = call.inputs if parameters.place == "body" else call.query
        size = self.default
        if parameters.size is not None and source.get(parameters.size) is not None:  # null in a body: not given
            bounded = self._bounded(source[parameters.size], parameters.minimum, self.maximum)
            if bounded is None:
                return self._refuse(parameters.size)
            size = bounded
        call.wanted.limit = size
        if source.get(parameters.page) is None:
            return None
        if parameters.style == "cursor":
            offset = _offset_of(source[parameters.page])
            if offset is None:
                return self._refuse(parameters.page)
            call.wanted.offset = offset
            return None
        first = self._bounded(source[parameters.page], parameters.first, _FARTHEST)
        if first is None:
            return self._refuse(parameters.page)
        steps_on = first - parameters.first
        call.wanted.offset = steps_on if parameters.style == "offset" else steps_on * size
        return None

    def _bounded(self, value: Any, low: int, high: int) -> int | None:
        """The number within its bounds; None where it is to be refused."""
        number = _integer(value)
        if number is not None and low <= number <= high:
            return number
        if self.parameters.out_of_bounds == "refuse":
            return None
        if self.parameters.out_of_bounds == "maximum" and high == self.maximum and number is not None:
            return high
        return (self.default if high == self.maximum else low) if number is None else min(max(number, low), high)

    def _refuse(self, name: str) -> Refusal:
        return Refusal("page_out_of_bounds", {"name": name, "param": name})

    def page_at(self, offset: int, size: int) -> int:
        """The number, or offset, by which a caller asks for the page that begins there."""
        return self.parameters.first + (offset if self.parameters.style == "offset" else offset // size)

    def tell(self, call: Call) -> Answer:
        """Adds what the page tells about itself."""
        size = call.wanted.limit or self.default
        for path, number in self._numbers:
            call.extras.append((path, number(call, size)))
        end = call.wanted.offset + size
        if self._next_cursor is not None:
            call.extras.append((self._next_cursor, _cursor(end) if end < call.total else None))
        if self._links or self.parameters.link_header:
            links = self._targets(call, size)
            call.extras.extend((path, links.get(name)) for name, path in self._links.items())
            if self.parameters.link_header:
                call.headers["link"] = ", ".join(f'<{link}>; rel="{name}"' for name, link in links.items() if link is not None)
        return None

    def _targets(self, call: Call, size: int) -> dict[str, str | None]:
        """The pages' absolute URLs by relation; None where there is no such page."""
        offset, total = call.wanted.offset, call.total
        last = max(pages_of(total, size) - 1, 0) * size
        begins = {"first": 0, "last": last, "prev": min(offset - size, last) if offset > 0 else None, "next": offset + size if offset + size < total else None}
        return {name: None if begin is None else self.url(call, max(begin, 0), size) for name, begin in begins.items()}

    def url(self, call: Call, begin: int, size: int) -> str:
        """The absolute URL of the page that begins there."""
        parameters = self.parameters
        query = {name: value for name, value in call.query.items() if name != parameters.page}
        query[parameters.page] = _cursor(begin) if parameters.style == "cursor" else str(self.page_at(begin, size))
        text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
        return f"{call.request.origin}{call.mount}{call.path}?{text}"


def pages_of(total: int, size: int) -> int:
    """How many pages a list has."""
    return -(-total // size)


def _integer(value: Any) -> int | None:
    if isinstance(value, str):
        plain = len(value) < 16 and value.isdecimal() and value.isascii()
        return int(value) if plain or _INTEGER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == value // 1 else None  # JSON has one kind of number: 2.0 is 2


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o:{offset}".encode()).decode().rstrip("=")


def _offset_of(cursor: Any) -> int | None:
    if not isinstance(cursor, str) or not cursor.isascii():
        return None
    try:
        mark, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    return int(number) if mark == "o" and number.isdecimal() and len(number) < 18 else None
