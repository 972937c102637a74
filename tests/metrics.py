"""Reads what a registry shows, as tests of the client's own metrics ask for it."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample


def address(endpoint: str) -> str:
    """How the metrics name an endpoint."""
    return endpoint.removeprefix("http://")


@dataclass
class Shown:
    """The samples of a registry now."""

    registry: CollectorRegistry

    def samples(self, name: str, **labels: str) -> list[Sample]:
        """Those of that name, with these labels at least."""
        return [
            sample
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def total(self, name: str, **labels: str) -> float:
        """The sum of those samples; 0 where there are none."""
        return sum(sample.value for sample in self.samples(name, **labels))

    def values(self, name: str, label: str) -> set[str]:
        """The values of a label."""
        return {sample.labels[label] for sample in self.samples(name)}

    def counts(self, name: str, label: str) -> dict[str, float]:
        """The samples that are not 0, by one label."""
        return {sample.labels[label]: sample.value for sample in self.samples(name) if sample.value}

    def operations(self) -> dict[tuple[str, str], float]:
        """How many operations are over: (op, outcome) to their number."""
        found = self.samples("etcdobs_operation_seconds_count")
        return {(sample.labels["op"], sample.labels["outcome"]): sample.value for sample in found if sample.value}

    def in_flight(self) -> dict[str, float]:
        """How many operations are not over, by name."""
        return self.counts("etcdobs_operations_in_flight", "op")

    def states(self) -> dict[str, str]:
        """The state of each endpoint that a client has in use."""
        return {
            sample.labels["endpoint"]: sample.labels["state"]
            for sample in self.samples("etcdobs_endpoint_state")
            if sample.value
        }
