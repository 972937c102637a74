"""Decides what the demo's Kubernetes cluster keeps below /registry; times are seconds since 1970."""

import json
from collections.abc import Iterator

from .fleet import APPLICATIONS, INSTANCES, NODES, Application, Instance, Node
from .kubernetes import Fields, mapping, message, metadata, moment, stored

Stored = tuple[str, bytes]
_DAY = 86_400
_CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
LEADER_LEASES = ("kube-controller-manager", "kube-scheduler")
_COREFILE = """.:53 {
    errors
    health
    kubernetes cluster.local in-addr.arpa ip6.arpa
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
}
"""
_REASONS = (
    ("Scheduled", "Successfully assigned default/{pod} to {node}"),
    ("Pulled", 'Container image "registry.example.com/{app}:{version}" already present on machine'),
    ("Started", "Started container {app}"),
    ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
)


def objects(now: int) -> Iterator[Stored]:
    """Everything that is there from the start, except events."""
    founded = now - 43 * _DAY
    yield from _namespaces(founded)
    yield from map(_node, NODES, [founded] * len(NODES))
    yield from (_pod(instance, now) for instance in INSTANCES)
    yield from _system_pods(founded)
    for application in APPLICATIONS:
        yield _deployment(application, now - 6 * _DAY)
        yield _service(application, founded)
    yield from _config_maps(founded)
    yield from (node_lease(node, now) for node in NODES)
    yield from (leader_lease(name, now) for name in LEADER_LEASES)
    yield from _odd_ones()


def node_lease(node: Node, renewed: int) -> Stored:
    """How a kubelet says that its node lives."""
    return _lease("kube-node-lease", node.name, node.name, 40, renewed)


def leader_lease(name: str, renewed: int) -> Stored:
    """How a controller says that it leads; this is no etcd lease."""
    return _lease("kube-system", name, "control-1_5f0c", 15, renewed)


def event(number: int, now: int) -> Stored:
    """One of a bounded set of events: the same pods have the same troubles again."""
    instance = INSTANCES[number % len(INSTANCES)]
    reason, text = _REASONS[number % len(_REASONS)]
    application = instance.application
    told = text.format(pod=instance.name, node=instance.node.name, app=application.name, version=application.version)
    name = f"{instance.name}.{0x17A4C00 + number % 12:x}"
    involved = message({1: "Pod", 2: "default", 3: instance.name})
    body: Fields = {
        1: metadata(name, "default", created=now),
        2: involved,
        3: reason,
        4: told,
        6: moment(now),
        7: moment(now),
    }
    return f"/registry/events/default/{name}", stored("v1", "Event", body)


def _namespaces(created: int) -> Iterator[Stored]:
    for name in ("default", "kube-node-lease", "kube-system"):
        labels = {"kubernetes.io/metadata.name": name}
        meta = metadata(name, created=created, labels=labels)
        body: Fields = {1: meta, 2: message({1: "kubernetes"}), 3: message({1: "Active"})}
        yield f"/registry/namespaces/{name}", stored("v1", "Namespace", body)


def _node(node: Node, created: int) -> Stored:
    labels = {"kubernetes.io/hostname": node.name, "topology.kubernetes.io/zone": node.zone}
    capacity = mapping({"cpu": message({1: "8"}), "memory": message({1: "32Gi"}), "pods": message({1: "110"})})
    status = message({1: capacity, 5: message({1: "InternalIP", 2: node.address})})
    body = {1: metadata(node.name, created=created, labels=labels), 2: message({3: f"demo://{node.name}"}), 3: status}
    return f"/registry/minions/{node.name}", stored("v1", "Node", body)


def _pod(instance: Instance, now: int) -> Stored:
    application = instance.application
    meta = metadata(
        instance.name,
        "default",
        created=now - 2 * _DAY,
        labels={"app": application.name, "team": application.team},
        owner=message({1: "ReplicaSet", 3: instance.name.rpartition("-")[0], 5: "apps/v1", 6: 1}),
    )
    spec = message({2: _container(application), 3: "Always", 4: 30, 8: "default", 10: instance.node.name})
    status = message({1: "Running", 5: instance.node.address, 6: instance.address})
    return f"/registry/pods/default/{instance.name}", stored("v1", "Pod", {1: meta, 2: spec, 3: status})


def _container(application: Application) -> bytes:
    image = f"registry.example.com/{application.name}:{application.version}"
    port = message({1: "main", 3: application.port, 4: "TCP"})
    return message({1: application.name, 2: image, 4: ["serve", f"--port={application.port}"], 6: port})


def _system_pods(created: int) -> Iterator[Stored]:
    for name in _CONTROL_PLANE:
        container = message({1: name, 2: f"registry.k8s.io/{name}:v1.31.2"})
        meta = metadata(f"{name}-control-1", "kube-system", created=created, labels={"tier": "control-plane"})
        body = {1: meta, 2: message({2: container, 10: "control-1"}), 3: message({1: "Running"})}
        yield f"/registry/pods/kube-system/{name}-control-1", stored("v1", "Pod", body)


def _deployment(application: Application, created: int) -> Stored:
    labels = {"app": application.name}
    template = message({1: message({11: mapping(labels)}), 2: message({2: _container(application)})})
    body: Fields = {
        1: metadata(application.name, "default", created=created, labels=labels),
        2: message({1: application.replicas, 2: message({1: mapping(labels)}), 3: template}),
        3: message({1: 3, 2: application.replicas, 3: application.replicas, 4: application.replicas}),
    }
    return f"/registry/deployments/default/{application.name}", stored("apps/v1", "Deployment", body)


def _service(application: Application, created: int) -> Stored:
    port = message({1: "main", 2: "TCP", 3: 80, 4: message({1: 0, 2: application.port})})
    address = f"10.96.{len(application.name)}.{application.port % 251}"
    spec = message({1: port, 2: mapping({"app": application.name}), 3: address, 4: "ClusterIP"})
    body = {1: metadata(application.name, "default", created=created), 2: spec}
    return f"/registry/services/specs/default/{application.name}", stored("v1", "Service", body)


def _config_maps(created: int) -> Iterator[Stored]:
    for name, data in (("coredns", {"Corefile": _COREFILE}), ("kube-proxy", {"mode": "iptables"})):
        body: Fields = {1: metadata(name, "kube-system", created=created), 2: mapping(data)}
        yield f"/registry/configmaps/kube-system/{name}", stored("v1", "ConfigMap", body)


def _lease(namespace: str, name: str, holder: str, seconds: int, renewed: int) -> Stored:
    meta = metadata(name, namespace, created=1_700_000_000)
    spec = message({1: holder, 2: seconds, 4: moment(renewed), 5: 2})
    value = stored("coordination.k8s.io/v1", "Lease", {1: meta, 2: spec})
    return f"/registry/leases/{namespace}/{name}", value


def _odd_ones() -> Iterator[Stored]:
    """A custom resource is JSON; an encrypted secret can be told, not read; the compactor's key stands alone."""
    route = {
        "apiVersion": "monitoring.example.com/v1",
        "kind": "AlertRoute",
        "metadata": {"name": "on-call", "namespace": "default", "generation": 4},
        "spec": {"receiver": "pager", "matchers": ["severity=page", "team=payments"], "groupWait": "30s"},
    }
    yield "/registry/monitoring.example.com/alertroutes/default/on-call", json.dumps(route).encode()
    ciphertext = bytes(number * 197 % 251 for number in range(208))
    yield "/registry/secrets/default/payments-api-key", b"k8s:enc:aescbc:v1:key1:" + ciphertext
    yield "compact_rev_key", b"1"
