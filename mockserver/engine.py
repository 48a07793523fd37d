"""The stub itself: from a request to a response, with no socket, no wall clock and no randomness that is not handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, Literal

import orjson

from mockserver.api import Api, Served
from mockserver.clock import Clock
from mockserver.exchange import Request, Response
from mockserver.faults import plant, resolve
from mockserver.pipeline import Call, Refusal, Space
from mockserver.reading import read_query
from mockserver.replay import Replayer, preferences
from mockserver.store import Row, Store, Table
from mockserver.store.memory import MemoryStore
from specs.model import Spec

__all__ = ["MAX_BODY", "Engine"]

MAX_BODY = 16 * 1024 * 1024
"""The largest body that is read, in bytes."""

Mode = Literal["stateful", "replay"]


class Engine:
    """Answers requests to one API, or to several, each under its name.

    `mode` is `stateful`, which keeps records and every documented behaviour, or `replay`, which answers with the documented
    examples. `rate_limit` takes the place of each API's own limit; 0 lifts it.
    """

    def __init__(
        self,
        specs: Iterable[Spec],
        *,
        mode: Mode = "stateful",
        store: Store | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        faults: Sequence[str] = (),
        rate_limit: int | None = None,
    ) -> None:
        found = list(specs)
        self.mode: Mode = mode
        self.apis = {spec.api: Api(spec, mount=f"/{spec.api}" if len(found) > 1 else "", rate_limit=rate_limit) for spec in found}
        self._only = next(iter(self.apis.values())) if len(found) == 1 else None
        self._seed = seed
        self._space = Space("", MemoryStore() if store is None else store, clock or Clock(), Random(seed))
        self._replayers: dict[int, Replayer] = {}
        self.faults: tuple[str, ...] = ()
        self._fill()
        self.set_faults(faults)

    @property
    def clock(self) -> Clock:
        """The engine's clock."""
        return self._space.clock

    @property
    def store(self) -> Store:
        """The engine's store."""
        return self._space.store

    def _fill(self) -> None:
        """Puts the seed's records into an empty store, and remembers it so."""
        for api in self.apis.values():
            for name, records in api.spec.seed.records.items():
                table, key = Table("", api.name, name), api.spec.resources[name].key
                if self.store.count(table) == 0:
                    for item in records:
                        record = item["record"]
                        self.store.put(table, Row(str(record[key]), item["account"], item["user"], record))
        self.store.snapshot("")

    def reset(self) -> None:
        """Puts records, counters and randomness back to the start; the clock goes on."""
        self.store.reset("")
        self._space.counters.clear()
        self._space.random.seed(self._seed)

    def set_faults(self, faults: Sequence[str]) -> None:
        """Breaks the clauses named, `clause`, `clause:way` or `clause:way@operation`, and no others; raises `FaultError`."""
        planted = [resolve(text, self.apis) for text in faults]
        for api in self.apis.values():
            plant(api, [fault for fault in planted if fault.api == api.name])
        self.faults = tuple(faults)

    def handle(self, request: Request) -> Response:
        """The response to a request."""
        api, path, mount = self._only, request.path, request.mount
        if api is None:
            name, slash, rest = path[1:].partition("/")
            api, path, mount = self.apis.get(name), slash + rest, f"{mount}/{name}"
            if api is None:
                return self._no_api()
        served, values, suffix, methods = api.route(request.method, path)
        if (self.mode == "replay" or "prefer" in request.headers) and served.operation is not None:
            answer = self._replayed(served, request)
            if answer is not None:
                return answer if request.method != "HEAD" else _headless(answer)
        return self._run(served, values, suffix, methods.allow if methods is not None else "", request, path, mount)

    def too_large(self, request: Request) -> Response:
        """The response to a request whose body is over `MAX_BODY`; its body is not needed."""
        api = self._only or self.apis.get(request.path[1:].partition("/")[0])
        if api is None:
            return self._no_api()
        path = request.path if self._only is not None else "/" + request.path[1:].partition("/")[2]
        served, values, _, _ = api.route(request.method, path)
        call = Call(request, served, values, {}, self._space)
        return served.honest.end(call, Refusal("too_large", {"limit": MAX_BODY}))

    def _run(self, served: Served, values: Mapping[str, str], suffix: str, allow: str, request: Request, path: str, mount: str) -> Response:
        query, broken = read_query(request.query) if request.query else ({}, None)
        call = Call(request, served, values, query, self._space)
        call.broken, call.suffix, call.allow, call.mount, call.path = broken, suffix, allow, mount, path
        answer = served.pipeline.run(call)
        return answer if request.method != "HEAD" else _headless(answer)

    def _replayed(self, served: Served, request: Request) -> Response | None:
        wanted = preferences(request) if "prefer" in request.headers else {}
        if not wanted and self.mode != "replay":
            return None
        replayer = self._replayers.get(id(served))
        if replayer is None:
            replayer = self._replayers[id(served)] = Replayer(served, served.media)
        return replayer.preferred(wanted) if wanted else replayer.usual()

    def _no_api(self) -> Response:
        detail = "Each API lies under its name: " + ", ".join(f"/{name}" for name in self.apis)
        body: dict[str, Any] = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": detail}
        return Response(404, {"content-type": "application/problem+json"}, orjson.dumps(body))


def _headless(answer: Response) -> Response:
    """The same for HEAD: no body, but its length."""
    return Response(answer.status, {**answer.headers, "content-length": str(len(answer.body))}, b"")
