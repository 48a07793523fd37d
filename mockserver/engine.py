"""The stub itself: from a request to a response, with no socket, no wall clock and no randomness that is not handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from http import HTTPStatus
from logging import getLogger
from random import Random
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import orjson

from mockserver.api import Api, Served
from mockserver.behaviours.cors import readable
from mockserver.clock import Clock
from mockserver.exchange import Request, Response
from mockserver.faults import FaultError, plant, resolve
from mockserver.filling import Amounts, check_amounts, generated
from mockserver.journal import Journal
from mockserver.pipeline import Call, Refusal, Space
from mockserver.reading import read_query
from mockserver.replay import Replayer, preferences
from mockserver.spaces import HEADER, SpaceError, Spaces
from mockserver.store import Row, Store, StoreError, Table
from mockserver.store.memory import MemoryStore
from specs.model import Spec

if TYPE_CHECKING:
    from mockserver.control import Control
    from mockserver.transport_faults import Disturbance

__all__ = ["CONTROL", "MAX_BODY", "Engine"]

CONTROL = "/__proctor"
"""Where the control plane lies, at the root, beside whatever is served."""

MAX_BODY = 16 * 1024 * 1024
"""The largest body that is read, in bytes."""

Mode = Literal["stateful", "replay"]

_NO_MORE: Amounts = {}

_SETTLED_KEPT = 1000
"""How many paths a replay knows the answers of, without finding their operations again."""


class Engine:
    """Answers requests to one API, or to several, each under its name.

    `mode` is `stateful`, which keeps records and every documented behaviour, or `replay`, which answers with the documented
    examples. `rate_limit` takes the place of each API's own limit; 0 lifts it. `journal` keeps the exchanges, if it is on.
    `control_token` opens the control plane to callers that are not on this machine; `max_spaces` bounds the spaces.
    `records` says how many records lists of the main space have to begin with, by API and resource.
    `transport_faults` disturb connections: see `mockserver.transport_faults`; adapters bring them about.
    """

    def __init__(
        self,
        specs: Iterable[Spec] | Spec,
        *,
        mode: Mode = "stateful",
        store: Store | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        faults: Sequence[str] = (),
        transport_faults: Sequence[str] = (),
        rate_limit: int | None = None,
        journal: Journal | None = None,
        control_token: str | None = None,
        max_spaces: int = 64,
        records: Amounts | None = None,
    ) -> None:
        found = [specs] if isinstance(specs, Spec) else list(specs)
        _check(found, mode, clock, store)
        check_amounts(records or {}, found)
        self.mode: Mode = mode
        self.apis = {spec.api: Api(spec, mount=f"/{spec.api}" if len(found) > 1 else "", rate_limit=rate_limit) for spec in found}
        self._only = next(iter(self.apis.values())) if len(found) == 1 else None
        self._seed = seed
        self.turn = RLock()
        """Held by whatever reads or changes the state."""
        self._started = (clock or Clock()).copy()
        self._faults = _names(faults)
        self._transport_faults = _names(transport_faults)
        self.disturbed = False
        """Whether connections may be disturbed anywhere: where they may not, no adapter looks any further."""
        self._failures: set[str] = set()
        self._token = control_token
        self._rows = {(api.name, name): _rows(api, name) for api in self.apis.values() for name in api.spec.seed.records}
        self._replayers: dict[Served, Replayer] = {}
        self._settled: dict[str, Response] = {}
        self.journal = Journal(on=False) if journal is None else journal
        self.spaces = Spaces(lambda name: self._made(name, MemoryStore(), self._started.copy()), max_spaces)
        self.main = self._made("", MemoryStore() if store is None else store, clock or Clock(), records or {})

    @property
    def clock(self) -> Clock:
        """The main space's clock."""
        return self.main.clock

    @property
    def store(self) -> Store:
        """The main space's store."""
        return self.main.store

    @cached_property
    def control(self) -> Control:
        """The control plane, made when it is first called."""
        from mockserver.control import Control

        return Control(self, self._token)

    def _made(self, name: str, store: Store, clock: Clock, records: Amounts = _NO_MORE) -> Space:
        """A space as it is at the start: the seed's records, unless the store has kept its own, and the faults that the engine began with."""
        space = Space(name, store, clock, Random(self._seed))
        if not store.remembers(name):
            with store.transaction():
                for (api, resource), rows in self._rows.items():
                    store.load(Table(name, api, resource), rows)
                for (api, resource), wanted in records.items():
                    spec, rows = self.apis[api].spec, self._rows.get((api, resource), [])
                    store.load(Table(name, api, resource), generated(spec, spec.resources[resource], rows, wanted))
                store.snapshot(name)
        self.set_faults(self._faults, space)
        if self._transport_faults:
            self.set_transport_faults(self._transport_faults, space)
        return space

    def close(self) -> None:
        """Ends the use of the stores; the engine answers nothing after that."""
        for space in (self.main, *self.spaces.all()):
            space.store.close()

    def reset(self, space: Space | None = None) -> None:
        """Puts records, counters and randomness of a space, or of the main one, back to the start; the clock goes on."""
        space = space or self.main
        space.store.reset(space.name)
        space.counters.clear()
        space.random.seed(self._seed)
        if space.transport is not None:
            space.transport.restart()

    def set_faults(self, faults: Sequence[str], space: Space | None = None) -> None:
        """Breaks the clauses named, and no others, in a space or the main one; raises `FaultError`.

        A fault is named `clause`, `clause:way`, `clause@operation` or `clause:way@operation`.
        """
        faults = _names(faults)
        planted = [resolve(text, self.apis) for text in faults]
        broken = {}
        for api in self.apis.values():
            broken.update(plant(api, [fault for fault in planted if fault.api == api.name]))
        space = space or self.main
        space.faults, space.broken = faults, broken

    def set_transport_faults(self, faults: Sequence[str], space: Space | None = None) -> None:
        """Disturbs the connections of a space, or of the main one, in these ways and no others; raises `FaultError`.

        A fault is written as `proctor serve --transport-fault` takes it: see `mockserver.transport_faults`.
        """
        from mockserver.transport_faults import TransportFaults

        space = space or self.main
        space.transport = TransportFaults(_names(faults), self.apis, self._seed) if faults else None
        self.disturbed = any(one.transport is not None for one in (space, getattr(self, "main", space), *self.spaces.all()))

    def disturbance(self, request: Request) -> Disturbance | None:
        """What befalls the exchange of a request on its way, or None; the control plane is never disturbed."""
        if not self.disturbed or (request.path[:10] == CONTROL and request.path[10:11] in ("", "/")):
            return None
        with self.turn:
            try:
                transport = self.space_of(request).transport
            except SpaceError:
                return None
            served = self.locate(request) if transport is not None else None
            return None if transport is None or served is None else transport.drawn(served.api.name, served.id)

    def under(self, request: Request, disturbance: Disturbance) -> Response | None:
        """The response to a request under a disturbance, as far as an engine goes: what has to be sent, or None for nothing.

        Whether, when and how it is sent is the adapter's part.
        """
        if disturbance.reset == "before":
            return None
        response = self.failing(request, disturbance.status) if disturbance.status else self.handle(request)
        return None if disturbance.reset else response

    def adopt(self, api: Api) -> list[str]:
        """Serves an API compiled anew instead of the one of its name; gives what to tell of faults that it does not know any more.

        The stores are not touched: see `mockserver.reloading`.
        """
        self.apis[api.name] = api
        if self._only is not None:
            self._only = api
        self._rows = {place: rows for place, rows in self._rows.items() if place[0] != api.name}
        self._rows.update({(api.name, name): _rows(api, name) for name in api.spec.seed.records})
        self._replayers.clear()
        self._settled.clear()
        self.__dict__.pop("control", None)
        told: dict[str, None] = {}
        self._faults = self._known(self._faults, told)
        self._transport_faults = self._known_transport(self._transport_faults, told)
        for space in (self.main, *self.spaces.all()):
            self.set_faults(self._known(space.faults, told), space)
            if space.transport is not None:
                self.set_transport_faults(self._known_transport(space.transport.texts, told), space)
        return list(told)

    def _known(self, faults: Sequence[str], told: dict[str, None]) -> tuple[str, ...]:
        """The faults that there still are; of the others is told."""
        return tuple(text for text in faults if _is_known(text, lambda one: resolve(one, self.apis), told))

    def _known_transport(self, faults: Sequence[str], told: dict[str, None]) -> tuple[str, ...]:
        """The transport faults whose places there still are; of the others is told."""
        if not faults:
            return ()
        from mockserver.transport_faults import TransportFaults

        return tuple(text for text in faults if _is_known(text, lambda one: TransportFaults([one], self.apis), told))

    def space_of(self, request: Request) -> Space:
        """The space that a request is for; raises `SpaceError` where it names none that can be had."""
        name = request.headers.get(HEADER)
        return self.main if name is None else self.spaces.get(name)

    def handle(self, request: Request) -> Response:
        """The response to a request. Threads take turns."""
        with self.turn:
            try:
                return self._handled(request)
            except StoreError as error:
                return self._unkept(request, str(error))

    def _unkept(self, request: Request, why: str) -> Response:
        """The response to a request that the store failed, so that nothing was done; the first time, that is logged, too."""
        if why not in self._failures:
            self._failures.add(why)
            getLogger(__name__).error("%s. Until then nothing is kept, and requests that need it are answered with 500.", why)
        answer = _problem(500, f"The stub's store fails, and nothing was done: {why}.")
        if self.journal.on and not request.path.startswith(CONTROL):
            self.journal.add(request, answer, request.headers.get(HEADER, ""), 0.0)
        return _told(request, answer)

    def _handled(self, request: Request) -> Response:
        if request.path[:10] == CONTROL and request.path[10:11] in ("", "/"):
            return self.control.handle(request)
        try:
            space = self.space_of(request)
        except SpaceError as error:
            return _told(request, _problem(error.status, str(error)))
        journal = self.journal
        if not journal.on:
            return self._answer(request, space)
        started = perf_counter()
        answer = self._answer(request, space)
        journal.add(request, answer, space.name, perf_counter() - started)
        return answer

    def _answer(self, request: Request, space: Space) -> Response:
        api, path, mount = self._only, request.path, request.mount
        if api is None:
            name, slash, rest = path[1:].partition("/")
            api, path, mount = self.apis.get(name), slash + rest, f"{mount}/{name}"
            if api is None:
                return _told(request, self._no_api())
        served, values, suffix, methods = api.route(request.method, path)
        if (self.mode == "replay" or "prefer" in request.headers or "__" in request.query) and served.operation is not None:
            answer = self._replayed(served, request)
            if answer is not None:
                return _told(request, answer)
        query, broken = read_query(request.query) if request.query else ({}, None)
        call = Call(request, served, values, query, space)
        call.broken, call.suffix, call.mount, call.path = broken, suffix, mount, path
        call.allow = methods.allow if methods is not None else ""
        if self.mode == "replay" and served.pseudo in ("unknown_operation", "method_not_allowed"):
            return _told(request, self._nowhere(call))
        return _told(request, (space.broken.get(served) or served.honest).run(call))

    def _nowhere(self, call: Call) -> Response:
        """The response of a replay, which asks nobody for a credential, to what is no operation."""
        if call.allow:
            call.headers["allow"] = call.allow
        return call.served.honest.end(call, Refusal(call.served.pseudo, {"name": call.path, "method": call.request.method}))

    def settled(self, path: str) -> Response | None:
        """The response to a GET of a raw path that has no body, prefers nothing and names no space, where that is settled: in a replay.

        None where more has to be known, or done: `handle` then answers. It spares an adapter all that a request is made of.
        """
        if self.mode != "replay" or self.journal.on or self.disturbed or self.main.faults:
            return None
        known = self._settled.get(path)
        if known is not None:
            return known
        with self.turn:  # so that no answer of a spec that is just being replaced is kept
            return self._settle(path)

    def _settle(self, path: str) -> Response | None:
        if path.startswith(CONTROL):
            return None
        api, whole = self._only, path
        if api is None:
            name, slash, rest = path[1:].partition("/")
            api, path = self.apis.get(name), slash + rest
            if api is None:
                return None
        served = api.route("GET", path)[0]
        if served.operation is None:
            return None
        answer = self._replayer(served).usual()
        if len(self._settled) < _SETTLED_KEPT:
            self._settled[whole] = answer
        return answer

    def too_large(self, request: Request) -> Response:
        """The response to a request whose body is over `MAX_BODY`; its body is not needed."""
        with self.turn:
            return self._too_large(request)

    def _too_large(self, request: Request) -> Response:
        if request.path[:10] == CONTROL and request.path[10:11] in ("", "/"):
            return _problem(413, f"A body may have {MAX_BODY} bytes.")
        try:
            space, served = self.space_of(request), self.locate(request)
        except SpaceError as error:
            return _problem(error.status, str(error))
        if served is None:
            return self._no_api()
        answer = served.honest.end(Call(request, served, {}, {}, space), Refusal("too_large", {"limit": MAX_BODY}))
        if self.journal.on:
            self.journal.add(request, answer, space.name, 0.0)
        return answer

    def failing(self, request: Request, status: int) -> Response:
        """The response to a request that fails with a status above 499, in the API's own words where it has any for that status."""
        with self.turn:
            return self._failing(request, status)

    def _failing(self, request: Request, status: int) -> Response:
        served = self.locate(request)
        if served is None:
            return self._no_api()
        answer = served.honest.end(Call(request, served, {}, {}, self.space_of(request)), Refusal("unavailable" if status == 503 else "server_error"))
        if answer.status != status:
            answer = _problem(status, "The stub was told to fail.") if status in HTTPStatus._value2member_map_ else Response(status, {}, b"")
        if self.journal.on:
            self.journal.add(request, answer, self.space_of(request).name, 0.0)
        return _told(request, answer)

    def locate(self, request: Request) -> Served | None:
        """What serves a request: an operation, or what stands for none; None where no API is meant."""
        if self._only is not None:
            return self._only.route(request.method, request.path)[0]
        name, slash, rest = request.path[1:].partition("/")
        api = self.apis.get(name)
        return None if api is None else api.route(request.method, slash + rest)[0]

    def _replayed(self, served: Served, request: Request) -> Response | None:
        wanted = preferences(request)
        if not wanted and self.mode != "replay":
            return None
        replayer = self._replayer(served)
        answer = replayer.preferred(wanted) if wanted else replayer.usual()
        cors, origin = served.api.parameters("cors", served), request.headers.get("origin")
        return answer if cors is None or origin is None else Response(answer.status, readable(cors, origin, dict(answer.headers)), answer.body)

    def _replayer(self, served: Served) -> Replayer:
        found = self._replayers.get(served)
        if found is None:
            found = self._replayers[served] = Replayer(served, served.media)
        return found

    def _no_api(self) -> Response:
        return _problem(404, "Each API lies under its name: " + ", ".join(f"/{name}" for name in self.apis))


def _check(specs: Iterable[object], mode: object, clock: object, store: object) -> None:
    """Raises `TypeError` or `ValueError` for what the command line takes, and an engine does not."""
    if not all(isinstance(spec, Spec) for spec in specs):
        raise TypeError("an engine takes specs, such as mockserver.Engine([specs.load('timedash')]), and no names or paths")
    if mode not in ("stateful", "replay"):
        raise ValueError(f"mode={mode!r}: there are 'stateful' and 'replay'")
    if clock is not None and not isinstance(clock, Clock):
        raise TypeError(f"clock={clock!r}: give a clock, such as mockserver.Clock(1700000000)")
    if isinstance(store, str):
        raise TypeError(f"store={store!r}: give a store, such as mockserver.store.opening.open_store({store!r}, specs)")


def _names(faults: Sequence[str]) -> tuple[str, ...]:
    """The names of faults, of which one may stand alone."""
    return (faults,) if isinstance(faults, str) else tuple(faults)


def _is_known(fault: str, find: Callable[[str], object], told: dict[str, None]) -> bool:
    try:
        find(fault)
    except FaultError as error:
        told[f"The fault {fault} is taken out: {error}"] = None
        return False
    return True


def _rows(api: Api, resource: str) -> list[Row]:
    """The seed's rows of a resource; they never change, so that all spaces share them."""
    key = api.spec.resources[resource].key
    return [Row(str(item["record"][key]), item["account"], item["user"], item["record"]) for item in api.spec.seed.records[resource]]


def _problem(status: int, detail: str) -> Response:
    """What is wrong with a call to the stub itself, and not to an API (RFC 9457)."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, {"content-type": "application/problem+json"}, orjson.dumps(body))


def _told(request: Request, answer: Response) -> Response:
    """The answer as its request may have it: for HEAD without the body, but with its length."""
    if request.method != "HEAD":
        return answer
    return Response(answer.status, {**answer.headers, "content-length": str(len(answer.body))}, b"")
