"""The checks by kind and rule: how each promise is examined.

A kind is one file, here as on the other floors; the plain dict names what there is.
"""

from __future__ import annotations

from conformance.check import Check
from conformance.checks import (
    authentication,
    authorization,
    content_negotiation,
    envelope,
    errors,
    isolation,
    lifecycle,
    nesting,
    pagination,
    rate_limit,
    resources,
    statuses,
    timing,
    transport,
)

__all__ = ["CHECKS"]

CHECKS: dict[str, dict[str, Check]] = {
    "authentication": authentication.CHECKS,
    "authorization": authorization.CHECKS,
    "content_negotiation": content_negotiation.CHECKS,
    "envelope": envelope.CHECKS,
    "errors": errors.CHECKS,
    "isolation": isolation.CHECKS,
    "lifecycle": lifecycle.CHECKS,
    "nesting": nesting.CHECKS,
    "pagination": pagination.CHECKS,
    "rate_limit": rate_limit.CHECKS,
    "resources": resources.CHECKS,
    "statuses": statuses.CHECKS,
    "timing": timing.CHECKS,
    "transport": transport.CHECKS,
}
