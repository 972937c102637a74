"""Shows what a leader that was frozen does to living leases when it wakes: `python -m tests.soak.frozen_leader`.

The client knows the other two members only, and the leases are renewed by the leader that these have elected meanwhile.
"""

import argparse
import time
from contextlib import ExitStack

from etcdobs import Client, EventType, Keys
from etcdobs.testing import EtcdCluster, etcd_cluster

LEASES, TTL, FROZEN, WATCHED = 300, 3, 6.0, 3.0


def wake(cluster: EtcdCluster, prefix: str) -> tuple[int, list[float]]:
    """How many leases lived when the leader woke, and the seconds that each one of them which it ended had left."""
    leader = cluster.leader()
    others = [member.endpoint for member in cluster if member is not leader]
    with Client(others, timeout=5.0) as client, ExitStack() as stack:
        hearts = {}
        for number in range(LEASES):
            lease = client.lease.grant(TTL)
            key = f"{prefix}{number}"
            client.put(key, lease=lease)
            hearts[key.encode()] = stack.enter_context(lease.keep_alive())
        leader.pause()
        time.sleep(FROZEN)
        living = {key: heart for key, heart in hearts.items() if not heart.lost}
        with client.watch(Keys.prefix(prefix)) as watcher:
            leader.resume()
            until = time.monotonic() + WATCHED
            ended: list[float] = []
            while (left := until - time.monotonic()) > 0:
                try:
                    event = watcher.get(timeout=left)
                except TimeoutError:
                    break
                heart = living.get(event.kv.key)
                if event.type is EventType.DELETE and heart is not None and not heart.lost:
                    ended.append(heart.seconds_left or 0.0)
    return len(living), ended


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.frozen_leader", description=__doc__)
    parser.add_argument("--times", type=int, default=4, help="how often a leader is frozen (default: 4)")
    times = parser.parse_args().times
    with etcd_cluster(3) as cluster:
        for number in range(times):
            living, ended = wake(cluster, f"{number}/")
            left = f", with up to {max(ended):.1f} s left" if ended else ""
            print(
                f"etcd {cluster.version}: {living} leases lived, {len(ended)} were ended after the wake{left}",
                flush=True,
            )


if __name__ == "__main__":
    main()
