"""Faults of the connection: what goes wrong between a right answer and the client that waits for it.

A fault is written `KIND[=VALUE][,OPTION=VALUE]...[@WHERE]`, where `WHERE` is an operation, an API, or `API/OPERATION`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from mockserver.engine import MAX_BODY
from mockserver.faults import FaultError

if TYPE_CHECKING:
    from mockserver.api import Api
    from mockserver.engine import Engine
    from mockserver.exchange import Request, Response

__all__ = ["BROKEN_OFF", "KINDS", "OPTIONS", "SEVERED", "Disturbance", "TransportFault", "TransportFaults", "answered", "parse"]

SEVERED = "the connection was reset, as a transport fault has it"
"""What an adapter says that has no connection to reset."""

BROKEN_OFF = "the connection ended before the body was whole, as a transport fault has it"
"""What an adapter says that has no connection to end."""

LONGEST = 600.0
"""The longest that an answer is held back, in seconds."""

Kind = Literal["latency", "dribble", "truncate", "reset", "length", "garbage", "status"]

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s)", re.ASCII)
_BYTES = re.compile(r"(\d{1,9})B?", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)
_SIGNED = re.compile(r"[+-]\d{1,9}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TransportFault:
    """One fault, as it was written in `text`.

    `value` is what its kind is about: seconds, bytes, a status, or, where it is `relative`, a share of the body. It strikes the
    share `rate` of the exchanges at `where`, which is empty for all of them.
    """

    text: str
    kind: Kind
    value: float = 0.0
    relative: bool = False
    sigma: float = 0.0
    every: float = 0.1
    before: bool = False
    rate: float = 1.0
    seed: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What befalls one exchange; the adapter that serves it brings it about.

    `delay` holds the answer back. `status` takes the place of the operation, and `reset` that of the answer: `before` the operation
    is done, or `after`. `garbage` is sent instead of HTTP. `length` is how far Content-Length is off. `piece` bytes of the body
    come at a time, `every` so many seconds. `truncate` says how much of the body comes at all, which is a byte at least.
    """

    delay: float = 0.0
    status: int = 0
    reset: Literal["", "before", "after"] = ""
    garbage: bytes = b""
    length: int = 0
    piece: int = 0
    every: float = 0.0
    truncate: TransportFault | None = None

    @property
    def spoils_body(self) -> bool:
        """Whether the body does not come whole and at once."""
        return bool(self.piece) or self.truncate is not None

    @property
    def severs(self) -> bool:
        """Whether no HTTP response comes at all."""
        return bool(self.reset) or bool(self.garbage)

    def content_length(self, body: bytes) -> int:
        """What Content-Length says of a body."""
        return max(0, len(body) + self.length)

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """What comes of a body, piece by piece."""
        cut = self.truncate
        if cut is not None:
            kept = int(len(body) * cut.value) if cut.relative else int(cut.value)
            body = body[: max(1, min(kept, len(body) - 1))]
        step = self.piece or len(body) or 1
        for start in range(0, len(body), step):
            yield body[start : start + step]

    def heard(self, body: bytes) -> Iterator[bytes]:
        """What a client takes of a body, piece by piece: nothing beyond its Content-Length. Raises `ConnectionResetError` where it waits for more in vain.

        It is for adapters without a connection, on which surplus bytes could come, or which could end.
        """
        left = self.content_length(body) if body else 0
        for piece in self.pieces(body):
            if left:
                yield piece[:left]
            left = max(0, left - len(piece))
        if left:
            raise ConnectionResetError(BROKEN_OFF)


def answered(engine: Engine, request: Request) -> tuple[Response | None, Disturbance]:
    """What an engine says to a request, and what befalls that on its way; threads take turns. There is no response to a request that is not done.

    A body that is longer than `MAX_BODY` is one that is too large, and was perhaps not read to its end.
    """
    with engine.turn:
        if len(request.body) > MAX_BODY:
            return engine.too_large(request), _CALM
        disturbance = engine.disturbance(request)
        if disturbance is None:
            return engine.handle(request), _CALM
        return engine.under(request, disturbance), disturbance


_CALM = Disturbance()


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of fault is written: an example, what reads its value (None where it takes none), its own options, and how much is too much."""

    example: str
    says: str
    value: Callable[[str], tuple[float, bool] | None] | None
    usual: tuple[float, bool] | None = None
    options: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    bounds: str = ""


def _seconds(text: str) -> tuple[float, bool] | None:
    found = _DURATION.fullmatch(text)
    seconds = None if found is None else float(found[1]) / (1000 if found[2] == "ms" else 1)
    return None if seconds is None or seconds > LONGEST else (seconds, False)


def _bytes(text: str) -> tuple[float, bool] | None:
    found = _BYTES.fullmatch(text)
    return None if found is None or not int(found[1]) else (float(found[1]), False)


def _part(text: str) -> tuple[float, bool] | None:
    found = _BYTES.fullmatch(text)
    share = _share(text)
    return (float(found[1]), False) if found else None if share is None else (share, True)


def _share(text: str) -> float | None:
    found = _SHARE.fullmatch(text)
    share = float(found[1]) / 100 if found else float(text) if _NUMBER.fullmatch(text) else None
    return share if share is not None and share <= 1 else None


def _off(text: str) -> tuple[float, bool] | None:
    return (float(text), False) if _SIGNED.fullmatch(text) and int(text) else None


def _status(text: str) -> tuple[float, bool] | None:
    return (float(text), False) if re.fullmatch(r"5\d\d", text, re.ASCII) else None


def _sigma(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) and float(text) <= 5 else None


def _every(text: str) -> float | None:
    found = _seconds(text)
    return None if found is None else found[0]


def _when(text: str) -> bool | None:
    return {"before": True, "after": False}.get(text)


def _seed(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


KINDS: dict[Kind, _Form] = {
    "latency": _Form(
        "latency=200ms", "the answer comes later; lognormal around that median with sigma=0.5", _seconds, None, {"sigma": _sigma}, "; at most 600s"
    ),
    "dribble": _Form("dribble=16B", "the body comes in such pieces, every=100ms one", _bytes, None, {"every": _every}),
    "truncate": _Form("truncate=50%", "the body ends too early, after a share or after so many bytes, and with it the connection", _part, (0.5, True)),
    "reset": _Form("reset", "the connection is reset instead of an answer: when=after the operation is done, or when=before", None, None, {"when": _when}),
    "length": _Form("length=+10", "Content-Length is so much too great, or too small", _off),
    "garbage": _Form("garbage=64B", "bytes come that are not HTTP, and then the connection's end", _bytes, (64.0, False)),
    "status": _Form("status=503", "that status (500 to 599) comes, and the operation is not done", _status),
}
"""The kinds of faults."""

OPTIONS: dict[str, Callable[[str], Any]] = {"rate": _share, "seed": _seed}
"""Options that every kind takes."""

_FIELDS = {"when": "before"}

_EXAMPLES = {"sigma": "sigma=0.5 (at most 5)", "every": "every=100ms", "when": "when=before or when=after", "rate": "rate=30%", "seed": "seed=7"}
"""How each option is written."""


def parse(text: str) -> TransportFault:
    """The fault that a text names; raises `FaultError` with what there is."""
    written, _, where = text.partition("@")
    head, *options = written.split(",")
    name, equals, value = head.partition("=")
    kind = next((kind for kind in KINDS if kind == name), None)
    if kind is None:
        there = "; ".join(f"{form.example}: {form.says}" for form in KINDS.values())
        raise FaultError(f"{name!r} is no transport fault. There is {there}. Each takes rate=30% and seed=7, and an operation, as in latency=1s,rate=30%@ID")
    form = KINDS[kind]
    found = form.usual if not equals else form.value(value) if form.value is not None else None
    if found is None and form.value is None and equals:
        raise FaultError(f"{text!r}: {kind} takes no value; it is written as in {form.example}")
    if found is None and form.value is not None:
        raise FaultError(f"{text!r}: {kind} is written as in {form.example}" + (f", not {value!r}" if equals else "") + form.bounds)
    amount, relative = found or (0.0, False)
    return TransportFault(text, kind, amount, relative, where=where, **_options(text, form, options))


def _options(text: str, form: _Form, written: Sequence[str]) -> dict[str, Any]:
    known = {**form.options, **OPTIONS}
    found: dict[str, Any] = {}
    for option in written:
        name, _, value = option.partition("=")
        if name not in known:
            raise FaultError(f"{text!r}: there is no option {name!r} here, but {', '.join(known)}")
        read = known[name](value)
        if read is None:
            raise FaultError(f"{text!r}: {name} can't be {value!r}; it is written as in {_EXAMPLES[name]}")
        if _FIELDS.get(name, name) in found:
            raise FaultError(f"{text!r}: {name} is there twice")
        found[_FIELDS.get(name, name)] = read
    return found


class TransportFaults:
    """The transport faults of a space, ready to be drawn: the same seed gives the same sequence.

    Raises `FaultError` where a text names no fault, or a place that is not served.
    """

    __slots__ = ("_faults", "_randoms", "_seed", "texts")

    def __init__(self, texts: Sequence[str], apis: Mapping[str, Api], seed: int = 0) -> None:
        self.texts = tuple(texts)
        self._faults = [(fault, _places(fault, apis)) for fault in map(parse, texts)]
        self._seed = seed
        self.restart()

    def restart(self) -> None:
        """Begins the sequence of draws again."""
        self._randoms = [Random(f"{self._seed if fault.seed is None else fault.seed}/{fault.text}") for fault, _ in self._faults]

    def drawn(self, api: str, operation: str) -> Disturbance | None:
        """What befalls the next exchange of an operation, or None."""
        struck = []
        for (fault, places), random in zip(self._faults, self._randoms, strict=True):
            here = places is None or (api, operation) in places
            if here and (fault.rate >= 1 or random.random() < fault.rate):
                struck.append((fault, random))
        return _together(struck) if struck else None


def _places(fault: TransportFault, apis: Mapping[str, Api]) -> frozenset[tuple[str, str]] | None:
    """The operations that a fault is for, each with its API; None for everything."""
    if not fault.where:
        if fault.text.endswith("@"):
            raise FaultError(f"{fault.text!r}: an operation is missing after the @")
        return None
    found = {
        (name, operation)
        for name, api in apis.items()
        for operation in api.served
        if fault.where in (operation, f"{name}/{operation}") or (fault.where == name and fault.where not in api.served)
    }
    if not found:
        from difflib import get_close_matches

        operations = [operation for api in apis.values() for operation in api.served]
        near = get_close_matches(fault.where.rpartition("/")[2], operations, 3) or operations
        raise FaultError(f"{fault.text!r}: {fault.where!r} is neither an operation nor an API of what is served; there is {', '.join([*near, *apis])}")
    return frozenset(found)


def _together(struck: Sequence[tuple[TransportFault, Random]]) -> Disturbance:
    """Several faults at once: delays add up; of anything else the first of its kind counts."""
    delay = 0.0
    found: dict[str, Any] = {}
    for fault, random in struck:
        if fault.kind == "latency":
            delay += fault.value * exp(random.gauss(0.0, fault.sigma)) if fault.sigma else fault.value
            continue
        for name, value in _effect(fault, random).items():
            found.setdefault(name, value)
    return Disturbance(delay=min(delay, LONGEST), **found)


def _effect(fault: TransportFault, random: Random) -> dict[str, Any]:
    match fault.kind:
        case "dribble":
            return {"piece": int(fault.value), "every": fault.every}
        case "truncate":
            return {"truncate": fault}
        case "reset":
            return {"reset": "before" if fault.before else "after"}
        case "length":
            return {"length": int(fault.value)}
        case "garbage":
            # Neither the beginning of a response nor an alert of TLS.
            return {"garbage": b"\x00" + random.randbytes(int(fault.value))[1:]}
        case _:
            return {"status": int(fault.value)}
