"""What the property tests draw from: keys that sit close together, ranges of them, and operations on both."""

from hypothesis import settings
from hypothesis import strategies as st

from etcdobs import Compare, Delete, Get, Keys, Put, Txn
from etcdobs.ops.operation import Operation

# How long an example takes says how busy the machine is, and nothing else.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Few letters, with the first and the last byte there are: most ranges then have neighbours on their edges.
LETTERS = st.sampled_from([0x00, 0x01, 0x2F, 0x61, 0x62, 0xFE, 0xFF])
texts = st.lists(LETTERS, max_size=4).map(bytes)
keys = st.lists(LETTERS, min_size=1, max_size=4).map(bytes)
namespaces = st.lists(LETTERS, min_size=1, max_size=3).map(bytes)

between = st.tuples(texts, keys).filter(lambda pair: (pair[0] or b"\0") < pair[1]).map(lambda pair: Keys.between(*pair))
ranges = st.one_of(st.just(Keys.all()), texts.map(Keys.prefix), texts.map(Keys.from_key), between)
wanted = st.one_of(keys.map(Keys.one), ranges)

numbers = st.integers(0, 2**63 - 1)
compares = st.one_of(
    st.builds(lambda k, v: Compare.value(k) == v, wanted, texts),
    st.builds(lambda k, n: Compare.version(k) > n, wanted, numbers),
    st.builds(lambda k, n: Compare.create_revision(k) < n, wanted, numbers),
    st.builds(lambda k, n: Compare.mod_revision(k) != n, wanted, numbers),
    st.builds(lambda k, n: Compare.lease(k) == n, wanted, numbers),
    wanted.map(Compare.exists),
    wanted.map(Compare.missing),
)
gets: st.SearchStrategy[Operation] = st.builds(
    Get, wanted, limit=st.integers(0, 9), serializable=st.booleans(), keys_only=st.booleans()
)
writes: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Put, keys, texts, lease=numbers, prev_kv=st.booleans()), st.builds(Delete, wanted, prev_kv=st.booleans())
)


def txns_of(operations: st.SearchStrategy[Operation]) -> st.SearchStrategy[Txn]:
    """Transactions of those operations."""
    branch = st.lists(operations, max_size=3)
    return st.builds(Txn, when=st.lists(compares, max_size=3), then=branch, otherwise=branch)


operations: st.SearchStrategy[Operation] = st.recursive(st.one_of(gets, writes), txns_of, max_leaves=8)
reads: st.SearchStrategy[Operation] = st.recursive(gets, txns_of, max_leaves=8)
txns = txns_of(operations)
