"""The checks by kind and rule: how each promise is examined.

A kind is one file, here as on the other floors; the plain dict names what there is.
"""

from __future__ import annotations

from conformance.check import Check
from conformance.checks import (
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

__all__ = ["CHECKS"]

CHECKS: dict[str, dict[str, Check]] = {
    "actions": actions.CHECKS,
    "aggregation": aggregation.CHECKS,
    "authentication": authentication.CHECKS,
    "authorization": authorization.CHECKS,
    "content_negotiation": content_negotiation.CHECKS,
    "cors": cors.CHECKS,
    "envelope": envelope.CHECKS,
    "errors": errors.CHECKS,
    "filtering": filtering.CHECKS,
    "isolation": isolation.CHECKS,
    "jsonp": jsonp.CHECKS,
    "lifecycle": lifecycle.CHECKS,
    "metadata": metadata.CHECKS,
    "nesting": nesting.CHECKS,
    "pagination": pagination.CHECKS,
    "rate_limit": rate_limit.CHECKS,
    "resources": resources.CHECKS,
    "sorting": sorting.CHECKS,
    "statuses": statuses.CHECKS,
    "timing": timing.CHECKS,
    "transport": transport.CHECKS,
}
