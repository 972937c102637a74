"""Holds what docs/benchmarks.md says between its tables."""

METHOD = """
Every contender is a process of its own, in an environment of its own, on the same server and the same gRPC. In each
round all take their turn, in the opposite order of the round before. A ratio is of two neighbours in one round; given
are the median over the rounds and, in brackets, the least and the most. etcdobs counts all its metrics, the other
Python clients none; Go's client has go-grpc-prometheus on its channel. CPU is that of the client's process alone. Trust
ratios, not rates, and none near 1 to the second digit: client and server share the cores.
"""

SUMMARY = """
## In short

The fastest form of etcdobs (blocking, asyncio, or asyncio on uvloop) against the fastest of the others. Above 1 etcdobs
is faster; where it is slower, the figure is bold. Gets and puts through `batched()` have rows of their own, below.
"""

CALLS = """
## Calls

One key of 100 bytes, over and over, by as many threads, tasks or goroutines, each on a key of its own. The ratio is to
raw gRPC of the same kind (threads, or asyncio): stubs, and nothing else.

![Calls](pictures/bench-calls.svg)
"""

KEYSPACES = """
## Large keyspaces

Keys of 100 bytes in 97 directories; all are read, and key and value of each looked at. First, one Range of all.
"""

WAYS = """
Then the ways to read what is too large for one answer, in seconds. A server before 3.7 counts all that follows a page,
so that pages by limit alone cost the square of the keys. What those, and the naive list of directories (a read of one
key for each), would take is estimated from 12 of them.

![Large keyspaces](pictures/bench-keyspace.svg)
"""

FACTORS = """
How many times the time of the other:
"""

WATCH = """
## Watch

Events of the past, four to a revision, delivered as fast as they come, key and value of each looked at. (Of a million
the server itself makes work that grows with the square: whenever a thousand revisions are sent, it reads the rest.)
"""

LOAD = """
## Bulk load

Keys with values of 100 bytes, in transactions of 128, eight under way at a time, on a server that does not wait for its
disk; etcdobs' batched forms use `client.load`, from lines of JSON. The stores of the other chapters were filled by
etcdobs with threads:
"""

GROWTH = """
![Growth](pictures/bench-growth.svg)
"""

MEMORY = """
## Memory

MiB that the client's process grew by at its peak while it read all keys or loaded them: the most of
the rounds, since what an allocator keeps from one round is not grown by in the next. A scan comes before the
Range of all, and gives back to the system what it can.
"""

IMPORT = """
## Import

Milliseconds in a fresh interpreter. For etcdobs a client is made and closed too: what it needs comes with the first.
"""

HOT = """
## Where the time of one get goes

One blocking `get` takes {wall} us, and the bare stub {wall_stub} us: the floor, which is gRPC, the kernel and the
server. Of the {cpu} us of CPU that a `get` takes, the stub alone takes {cpu_stub} ({share:.0%}), the client's own work
{own} and its metrics {metrics}. In function calls, of Python and into C, which no machine's speed changes: {calls_stub}
of the stub, {calls_quiet} of the client without metrics, {calls} of the client.

Below is where the client's calls are made, and what share each part has of the calling thread's CPU. It is profiled,
which makes calls dearer than they are; gRPC's core counts for `grpc`, and what is built in for its caller.
"""
