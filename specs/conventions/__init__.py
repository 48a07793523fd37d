"""The conventions by kind: their parameters and rules.

One kind is one file name on three floors: here what it takes, in `mockserver.behaviours` what does it, in
`conformance.checks` what examines it.
"""

from __future__ import annotations

from specs.conventions import (
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
from specs.conventions.rule import Carrier, Convention, Rule

__all__ = ["CONVENTIONS", "Carrier", "Convention", "Rule"]

CONVENTIONS: dict[str, Convention] = {
    "actions": Convention(actions.Actions, actions.RULES),
    "aggregation": Convention(aggregation.Aggregation, aggregation.RULES),
    "authentication": Convention(authentication.Authentication, authentication.RULES),
    "authorization": Convention(authorization.Authorization, authorization.RULES),
    "content_negotiation": Convention(content_negotiation.ContentNegotiation, content_negotiation.RULES),
    "cors": Convention(cors.Cors, cors.RULES),
    "envelope": Convention(envelope.Envelope, envelope.RULES),
    "errors": Convention(errors.Errors, errors.RULES),
    "filtering": Convention(filtering.Filtering, filtering.RULES),
    "isolation": Convention(isolation.Isolation, isolation.RULES),
    "jsonp": Convention(jsonp.Jsonp, jsonp.RULES),
    "lifecycle": Convention(lifecycle.Lifecycle, lifecycle.RULES),
    "metadata": Convention(metadata.Metadata, metadata.RULES),
    "nesting": Convention(nesting.Nesting, nesting.RULES),
    "pagination": Convention(pagination.Pagination, pagination.RULES),
    "rate_limit": Convention(rate_limit.RateLimit, rate_limit.RULES),
    "resources": Convention(resources.Resources, resources.RULES),
    "sorting": Convention(sorting.Sorting, sorting.RULES),
    "statuses": Convention(statuses.Statuses, statuses.RULES),
    "timing": Convention(timing.Timing, timing.RULES),
    "transport": Convention(transport.Transport, transport.RULES),
}
