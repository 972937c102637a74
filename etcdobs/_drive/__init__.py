"""The only place that waits: `sync` blocks, `aio` awaits. What they do is decided in the flows and cursors above."""
