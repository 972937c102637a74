"""Decides what metrics may be made with: a label, a name or a bound that Prometheus would refuse is refused first."""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from math import inf, isfinite
from numbers import Real
from typing import Final, cast, get_args

from etcdobs._operation_names import OPERATIONS
from etcdobs.observe.catalogue import CATALOGUE, LIVE
from etcdobs.observe.recorder import Kind

__all__ = ["bounds_of", "check_labels", "check_methods", "check_prefix", "check_registry", "known_operations"]

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METHOD: Final = re.compile(r"/[^/]+/[^/]+")
_KINDS: Final[tuple[str, ...]] = get_args(Kind)
_ALLOWED: Final = "[a-zA-Z_][a-zA-Z0-9_]*"
_LABELS: Final = (*(row.labels for row in CATALOGUE.values()), *(row.labels for row in LIVE.values()))
_OWN: Final = {"le", *(label for labels in _LABELS for label in labels)}
"""The labels of the metrics themselves; `le` is a histogram's."""


def check_registry(registry: object) -> None:
    """Refuse what no metrics can be registered with."""
    if registry is not None and not callable(getattr(registry, "register", None)):
        raise TypeError(
            f"registry must be a prometheus_client.CollectorRegistry or None, not {type(registry).__name__}"
        )


def check_prefix(namespace: object, subsystem: object) -> None:
    """Refuse what cannot go before a metric's name."""
    for argument, value in (("namespace", namespace), ("subsystem", subsystem)):
        if not isinstance(value, str):
            raise TypeError(f"{argument} must be a str, not {type(value).__name__}")
        if value and _NAME.fullmatch(value) is None:
            raise ValueError(f"{argument} must be {_ALLOWED}, not {value!r}")


def check_labels(const: object, context: object) -> None:
    """Refuse label names that are none, or are taken, and const labels' values that are no str."""
    for argument, labels in (("const_labels", const), ("context_labels", context)):
        if labels is not None and not isinstance(labels, Mapping):
            raise TypeError(f"{argument} must be a mapping or None, not {type(labels).__name__}")
    of_const = cast("Mapping[object, object]", const or {})
    of_context = cast("Mapping[object, object]", context or {})
    _check_names("const_labels", of_const)
    _check_names("context_labels", of_context)
    for name in of_const:
        if name in of_context:
            raise ValueError(f"the label {name!r} is in const_labels and in context_labels")
        if not isinstance(of_const[name], str):
            raise TypeError(f"const_labels[{name!r}] must be a str, not {type(of_const[name]).__name__}")


def _check_names(argument: str, names: Collection[object]) -> None:
    for name in names:
        if not isinstance(name, str) or _NAME.fullmatch(name) is None or name.startswith("__"):
            raise ValueError(f"a label in {argument} must be {_ALLOWED} and not begin with '__', not {name!r}")
        if name in _OWN:
            raise ValueError(f"the label {name!r} in {argument} is one of the metrics' own: {', '.join(sorted(_OWN))}")


def check_methods(methods: object) -> None:
    """Refuse what is no RPC method with its kind, of whatever service."""
    if methods is not None and not isinstance(methods, Mapping):
        raise TypeError(f"methods must be a mapping or None, not {type(methods).__name__}")
    for method, kind in cast("Mapping[object, object]", methods or {}).items():
        if not isinstance(method, str) or _METHOD.fullmatch(method) is None:
            raise ValueError(f"a method in methods must be '/service/method', not {method!r}")
        if kind not in _KINDS:
            raise ValueError(f"methods[{method!r}] must be one of {_listed(_KINDS)}, not {kind!r}")


def known_operations(operations: object) -> tuple[str, ...]:
    """The operations, which all must be."""
    if not isinstance(operations, Iterable) or isinstance(operations, (str, bytes)):
        raise TypeError(f"operations must be a sequence of names, not {type(operations).__name__}")
    names = tuple(cast("Iterable[str]", operations))
    for name in names:
        if name not in OPERATIONS:
            raise ValueError(f"there is no operation {name!r}: known are {_listed(OPERATIONS)}")
    return names


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names))


def bounds_of(buckets: object) -> tuple[float, ...]:
    """The upper bounds, without the infinite one that may end them."""
    if not isinstance(buckets, Iterable) or isinstance(buckets, (str, bytes)):
        raise TypeError(f"buckets must be a sequence of numbers, not {type(buckets).__name__}")
    bounds = tuple(map(_bound, cast("Iterable[object]", buckets)))
    bounds = bounds[:-1] if bounds[-1:] == (inf,) else bounds
    if not bounds or not all(map(isfinite, bounds)) or any(low >= high for low, high in pairwise(bounds)):
        raise ValueError(f"buckets must be one finite number or more, each greater than the one before, not {bounds}")
    return bounds


def _bound(bucket: object) -> float:
    if isinstance(bucket, bool) or not isinstance(bucket, Real):
        raise TypeError(f"buckets must be numbers, not {type(bucket).__name__}")
    return float(bucket)
