"""Writes the Grafana dashboards and Prometheus rules that are committed beside it, and opens a stack to see them."""
