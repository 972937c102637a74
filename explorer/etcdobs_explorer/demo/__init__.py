"""The demo: an etcd of its own, a believable keyspace, somebody who works on it, and the explorer on top."""
