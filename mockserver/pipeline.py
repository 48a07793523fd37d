"""What an operation is made of: steps in stages, the call that passes through them, and the faults that replace a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mockserver.exchange import Request, Response
from mockserver.store import Query

if TYPE_CHECKING:
    from random import Random

    from mockserver.api import Api, Served
    from mockserver.clock import Clock
    from mockserver.store import Row, Store
    from mockserver.transport_faults import TransportFaults
    from specs.model import Clause, Group, Parent, Principal, Spec

__all__ = ["EMPTY", "Answer", "Call", "Fault", "Pipeline", "Refusal", "Site", "Space", "Stage", "Step", "Wrap"]


class Stage(IntEnum):
    """The stages of a call, in their usual order; `errors.precedence` may change the order of those before `EFFECT`."""

    TRANSPORT = 1
    CORS = 2
    AUTHENTICATION = 3
    RATE_LIMIT = 4
    ROUTING = 5
    AUTHORIZATION = 6
    NEGOTIATION = 7
    PARSING = 8
    SELECTION = 9
    VALIDATION = 10
    EFFECT = 11
    DOCUMENT = 12
    REFUSAL = 13
    RENDERING = 14
    ENCODING = 15


@dataclass(frozen=True, slots=True)
class Refusal:
    """The end of a call that fails: a cause of `errors`, and what its texts are filled with."""

    cause: str
    values: Mapping[str, Any] = field(default_factory=dict)


Answer = Refusal | Response | None
"""What a step gives back: None to go on, a refusal, or a finished response that is sent as it is."""


class _Empty:
    __slots__ = ()

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY: Final[Any] = _Empty()
"""The document of an answer without a body."""


_NO_QUERY: Final = Query()


class Space:
    """A state of its own: store, clock, randomness, what has been counted, and what is broken on purpose.

    `broken` are the pipelines of the operations that the space's `faults` break; the others are honest. `transport` are the faults
    of its connections.
    """

    __slots__ = ("broken", "clock", "counters", "faults", "name", "random", "store", "transport")

    def __init__(self, name: str, store: Store, clock: Clock, random: Random) -> None:
        self.name = name
        self.store = store
        self.clock = clock
        self.random = random
        self.counters: dict[Any, list[float]] = {}
        self.faults: tuple[str, ...] = ()
        self.broken: dict[Served, Pipeline] = {}
        self.transport: TransportFaults | None = None


class Call:
    """One request on its way through the stages, and all that is known of it so far.

    What most calls never learn stands in the class, so that a call costs no more than what it holds.
    """

    broken: str | None = None
    """The query parameter that can't be read."""
    suffix = ""
    allow = ""
    read = False
    body: Any = EMPTY
    """The body as JSON, or `EMPTY`."""
    form: dict[str, str] | None = None
    principal: Principal | None = None
    candidates: tuple[Principal, ...] = ()
    credential: Any = None
    bulk = False
    row: Row | None = None
    inputs: Mapping[str, Any] = MappingProxyType({})
    """Parameters that a body carries, for APIs that send them there."""
    total = 0
    live: dict[str, dict[str, Any]] | None = None
    """Members that are worked out at the time of the call, by record key."""
    asked: tuple[Parent, ...] | None = None
    """The relationships that are to be included."""
    included: list[Any] | None = None
    fields: Mapping[str, frozenset[str]] | None = None
    """The members that are to be shown of resource objects, by type; None where nothing was said of any."""
    refusal: Refusal | None = None
    document: Any = EMPTY
    media: str | None = None
    status = 200
    content = b""
    wanted: Query = _NO_QUERY
    """What a list asks of the store; only a list may write it."""

    def __init__(self, request: Request, served: Served, values: Mapping[str, str], query: dict[str, str], space: Space) -> None:
        self.request = request
        self.served = served
        self.values = values
        """Path parameters, decoded."""
        self.query = query
        """Query parameters, decoded; of a repeated one the last."""
        self.space = space
        self.now = space.clock.now()
        self.started = space.clock.elapsed()
        self.mount = request.mount
        self.path = request.path
        self.parents: dict[str, Any] = {}
        """Members that the path's parents fix, with their values."""
        self.given: list[dict[str, Any]] = []
        """The records that came in, one by one, before the stub adds to them."""
        self.members: list[dict[str, Any]] = []
        """What is to be written, one by one."""
        self.rows: list[Row] = []
        self.extras: list[tuple[tuple[str, ...], Any]] = []
        """What stands in the body beside the data, by place."""
        self.headers: dict[str, str] = {}
        if served.effect == "list":
            self.wanted = Query()


Step = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a fault is planted: the operation, the clause, the group whose parameters hold, and all operations it breaks."""

    api: Api
    served: Served
    group: Group
    clause: Clause
    operations: tuple[str, ...]

    @property
    def parameters(self) -> Any:
        """The parameters of the group."""
        return self.group.parameters

    @property
    def arguments(self) -> Any:
        """The arguments of the clause's rule."""
        return self.clause.arguments


Wrap = Callable[[Step, Site], Step]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a rule: it takes the honest step of a stage and gives back a broken one.

    `says` is what goes wrong, in one sentence. The step is that of the rule's own kind, or of `kind` where that is given; where
    there is none, an empty one is wrapped. A fault that is `everywhere` breaks all operations of the API where no operation is
    named, since the rule is about what other operations then do. `fits` tells for which clauses there is such a fault at all.
    """

    says: str
    stage: Stage
    wrap: Wrap
    kind: str | None = None
    everywhere: bool = False
    fits: Callable[[Spec, Clause], bool] | None = None


class Pipeline:
    """The steps of one operation, ready to run."""

    __slots__ = ("finish", "refuse", "steps")

    def __init__(self, steps: tuple[Step, ...], refuse: tuple[Step, ...], finish: tuple[Step, ...]) -> None:
        self.steps = steps
        self.refuse = refuse
        self.finish = finish

    def run(self, call: Call) -> Response:
        """The response to a call."""
        for step in self.steps:
            answer = step(call)
            if answer is not None:
                return answer if isinstance(answer, Response) else self.end(call, answer)
        return self._finished(call)

    def end(self, call: Call, refusal: Refusal) -> Response:
        """The response to a call that is refused."""
        call.refusal = refusal
        for step in self.refuse:
            answer = step(call)
            if isinstance(answer, Response):
                return answer
        return self._finished(call)

    def _finished(self, call: Call) -> Response:
        for step in self.finish:
            answer = step(call)
            if isinstance(answer, Response):
                return answer
        return Response(call.status, call.headers, call.content)
