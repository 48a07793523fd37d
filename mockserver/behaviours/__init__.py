"""What the stub does about each convention, and how it breaks each rule on purpose.

A behaviour is a module: `steps(group, api, served)` gives the steps that one operation needs, by stage; `FAULTS` gives, by rule
and name, the ways to break it, the first being the usual one. The dict's order is the order of steps within a stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from mockserver.behaviours import (
    actions,
    aggregation,
    authentication,
    authorization,
    content_negotiation,
    cors,
    envelope,
    errors,
    filtering,
    isolation,
    jsonp,
    lifecycle,
    metadata,
    nesting,
    pagination,
    rate_limit,
    resources,
    sorting,
    statuses,
    timing,
    transport,
)
from mockserver.pipeline import Fault, Stage, Step

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["BEHAVIOURS", "PSEUDO", "Behaviour"]


class Behaviour(Protocol):
    """What a module of this package offers."""

    FAULTS: dict[str, dict[str, Fault]]

    def steps(self, group: Group, api: Api, served: Served) -> Mapping[Stage, Step]:
        """The steps of one operation, by stage."""


PSEUDO = ("unknown_operation", "method_not_allowed", "options")
"""What is served where a path or method is no operation."""

_MODULES = {
    "transport": transport,
    "cors": cors,
    "authentication": authentication,
    "rate_limit": rate_limit,
    "nesting": nesting,
    "resources": resources,
    "isolation": isolation,
    "authorization": authorization,
    "content_negotiation": content_negotiation,
    "lifecycle": lifecycle,
    "metadata": metadata,
    "filtering": filtering,
    "sorting": sorting,
    "pagination": pagination,
    "aggregation": aggregation,
    "actions": actions,
    "statuses": statuses,
    "errors": errors,
    "timing": timing,
    "envelope": envelope,
    "jsonp": jsonp,
}

BEHAVIOURS: dict[str, Behaviour] = {kind: cast("Behaviour", module) for kind, module in _MODULES.items()}
"""All behaviours by kind."""
