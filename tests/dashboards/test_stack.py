"""Decides that what the stack is made of fits together, and that `make observe` ends all that it started."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.prometheus import programs
from dashboards.stack import configuration
from etcdobs.testing import etcd_cluster

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "dashboards"


def loaded(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


COMPOSE = loaded("compose.yaml")
MOUNTS = [volume.split(":") for service in COMPOSE["services"].values() for volume in service.get("volumes", ())]


@pytest.mark.parametrize(("source", "target", "mode"), MOUNTS)
def test_what_the_containers_are_given_is_here(source: str, target: str, mode: str) -> None:
    assert (HERE / source).exists(), target
    assert mode == "ro"


def test_prometheus_scrapes_the_services_of_the_stack() -> None:
    jobs = loaded("provisioning/prometheus.yaml")["scrape_configs"]
    hosts = {target.split(":")[0] for job in jobs for target in job["static_configs"][0]["targets"]}
    assert hosts == {"etcd1", "etcd2", "etcd3", "shop"}
    assert hosts <= set(COMPOSE["services"])
    assert {name for service in COMPOSE["services"].values() for name in service.get("depends_on", ())} <= set(
        COMPOSE["services"]
    )


def test_exemplars_lead_to_the_trace_backend() -> None:
    prometheus, jaeger = loaded("provisioning/datasources.yaml")["datasources"]
    (destination,) = prometheus["jsonData"]["exemplarTraceIdDestinations"]
    assert destination == {"name": "trace_id", "datasourceUid": jaeger["uid"]}
    assert {re.split("[:/]+", source["url"])[1] for source in (prometheus, jaeger)} <= set(COMPOSE["services"])


def test_grafana_reads_the_dashboards_from_where_they_are_mounted() -> None:
    (provider,) = loaded("provisioning/dashboards.yaml")["providers"]
    assert ["./grafana", provider["options"]["path"], "ro"] in MOUNTS
    home = COMPOSE["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (HERE / "grafana" / Path(home).name).exists()


def test_promtool_takes_the_configurations(tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text(configuration(etcd_cluster(3), [9464]))
    for file in (HERE / "provisioning" / "prometheus.yaml", ours):
        checked = subprocess.run([programs() / "promtool", "check", "config", file], capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_observing_ends_with_ctrl_c_and_leaves_nothing() -> None:
    command = [sys.executable, "-u", "-m", "dashboards.observe"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as observing:
        assert observing.stdout is not None
        told: list[str] = []
        for line in observing.stdout:
            told.append(line)
            if line.startswith("Ctrl-C"):
                break
        members = [int(found) for found in re.findall(r"\(process (\d+)\)", "".join(told))]
        assert len(members) == 3
        observing.send_signal(signal.SIGINT)
        assert observing.wait(timeout=30) == 0
    for member in members:
        with pytest.raises(ProcessLookupError):
            os.kill(member, 0)
