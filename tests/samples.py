"""Reads what a Prometheus registry holds, as tests compare it."""

from prometheus_client import CollectorRegistry


def samples(registry: CollectorRegistry) -> dict[str, float]:
    """Every counter and gauge that has moved: `name{label values}` to its value; no buckets, times, build."""
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.value and not sample.name.endswith(("_created", "_bucket", "_sum", "_build_info"))
    }
