"""Decides what a histogram's buckets say: the difference of two readings, and quantiles of it."""

from collections.abc import Mapping
from typing import TypeAlias

Buckets: TypeAlias = Mapping[float, float]
"""Upper bound -> how many values are at most that."""


def difference(now: Buckets, before: Buckets) -> Buckets:
    """What came between two readings."""
    if not before or now is before:
        return {} if now is before else now
    return {bound: count - before.get(bound, 0.0) for bound, count in now.items()}


def quantile(q: float, buckets: Buckets) -> float | None:
    """The value below which the share `q` lies, linear within a bucket as Prometheus's histogram_quantile has it; None
    where there are no values."""
    bounds = sorted(buckets)
    if not bounds or buckets[bounds[-1]] <= 0:
        return None
    rank = q * buckets[bounds[-1]]
    at = next(index for index, bound in enumerate(bounds) if buckets[bound] >= rank)
    bound, lower = bounds[at], bounds[at - 1] if at else 0.0
    if bound == float("inf"):
        return lower
    below = buckets[lower] if at else 0.0
    inside = buckets[bound] - below
    return bound if inside <= 0 else lower + (bound - lower) * (rank - below) / inside


def counts(buckets: Buckets) -> list[tuple[float, float]]:
    """How many values lie in each bucket, by its upper bound."""
    bounds = sorted(buckets)
    below = [0.0, *(buckets[bound] for bound in bounds)]
    return [(bound, buckets[bound] - before) for bound, before in zip(bounds, below, strict=False)]
