"""Waits for the difference of two values: that of large ones is found beside the screen, not before it is drawn."""

import asyncio

from etcdobs_explorer.model.diff import Diff, diff

_THREAD = 64 * 1024  # bytes of both values from which on it takes a thread


def is_large(before: bytes | None, after: bytes | None) -> bool:
    """Whether to compare them would hold up what is drawn."""
    return len(before or b"") + len(after or b"") > _THREAD


async def compared(before: bytes | None, after: bytes | None) -> Diff:
    """How a value differs from another; None: there is none."""
    return await asyncio.to_thread(_laid_out, before, after) if is_large(before, after) else diff(before, after)


def _laid_out(before: bytes | None, after: bytes | None) -> Diff:
    """With what is shown first reckoned as well."""
    found = diff(before, after)
    len(found.lines)
    return found
