"""Waits for Prometheus's answers: queries over its HTTP API, as Grafana asks them."""

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

_TIMEOUT = 10.0
_PATIENCE = 0.1


class QueryError(Exception):
    """Prometheus does not take the query; the message is its own."""


@dataclass(frozen=True)
class Series:
    """What one series was over time: its labels, and (seconds since 1970, value) in order."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that serves on a port of this machine."""

    port: int

    @property
    def url(self) -> str:
        """Its address, with its own pages."""
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> bool:
        """Whether it serves."""
        try:
            return self._get("/-/ready")[0] == http.client.OK
        except OSError:
            return False

    def query(self, expr: str) -> list[Series]:
        """The newest values."""
        answer = self._ask("/api/v1/query", query=expr)
        if answer["resultType"] == "scalar":
            return [Series({}, [_point(answer["result"])])]
        return [Series(found["metric"], [_point(found["value"])]) for found in answer["result"]]

    def query_range(self, expr: str, start: float, end: float, step: float = 1.0) -> list[Series]:
        """The values from `start` to `end`, in seconds since 1970, `step` seconds apart."""
        answer = self._ask("/api/v1/query_range", query=expr, start=start, end=end, step=step)
        return [Series(found["metric"], [*map(_point, found["values"])]) for found in answer["result"]]

    def exemplars(self, expr: str, start: float, end: float) -> list[dict[str, str]]:
        """The labels of the exemplars of the series that `expr` asks for."""
        answer = self._ask("/api/v1/query_exemplars", query=expr, start=start, end=end)
        return [exemplar["labels"] for series in answer for exemplar in series["exemplars"]]

    def label_values(self, selector: str, label: str) -> list[str]:
        """The values of a label over the series of a selector: Grafana's `label_values(selector, label)`."""
        values: list[str] = self._ask(f"/api/v1/label/{label}/values", **{"match[]": selector})
        return values

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are pending or fire."""
        found: list[dict[str, Any]] = self._ask("/api/v1/alerts")["alerts"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """All rules, with their health and last error."""
        return [rule for group in self._ask("/api/v1/rules")["groups"] for rule in group["rules"]]

    def until(self, expr: str, timeout: float) -> list[Series]:
        """The answer to `expr`, once it is not empty.

        Raises:
            TimeoutError: it was empty for so many seconds.
        """
        deadline = time.monotonic() + timeout
        while not (found := self.query(expr)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer within {timeout:g} s: {expr}")
            time.sleep(_PATIENCE)
        return found

    def _ask(self, path: str, **parameters: str | float) -> Any:
        status, body = self._get(f"{path}?{urlencode(parameters)}")
        answer = json.loads(body)
        if status != http.client.OK:
            raise QueryError(f"{answer.get('error')}: {parameters.get('query', path)}")
        return answer["data"]

    def _get(self, target: str) -> tuple[int, bytes]:
        # Not through urllib: that would honour http_proxy even for the loopback.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _point(found: Sequence[Any]) -> tuple[float, float]:
    return float(found[0]), float(found[1])
