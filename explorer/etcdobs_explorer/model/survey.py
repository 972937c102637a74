"""Decides what is told of a directory that is looked at: what is in it, and which keys changed first and last."""

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest

from .directory import Directory, Loading
from .records import ChildRecord, EventRecord, KeyRevision, Sampled

_SORTED = 1_000  # children; more are not sorted, or told apart, each time that one of them changes


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first keys of a directory tell, which are all of them where it `is_whole`. The child `cut` has more keys
    than were counted; empty, where there is none. `is_outdated` where keys have come or gone since."""

    prefix: bytes
    is_whole: bool
    children: tuple[ChildRecord, ...]
    cut: bytes
    newest: KeyRevision | None
    oldest: KeyRevision | None
    is_outdated: bool = False

    def heard(self, events: Iterable[EventRecord]) -> "Survey":
        """The same after changes on the server: of what was written, the last is the newest."""
        below = [each for each in events if each.key.startswith(self.prefix)]
        if not below:
            return self
        put = [each for each in below if not each.is_delete]
        newest = KeyRevision(put[-1].key, put[-1].mod_revision) if put else self.newest
        is_other = any(each.is_create or each.is_delete for each in below)
        return replace(self, newest=newest, is_outdated=self.is_outdated or is_other)


def survey(prefix: bytes, separator: bytes, sample: Sampled) -> Survey:
    """What a sample tells of a directory."""
    is_whole = len(sample.keys) == sample.count
    children = tuple(_children(prefix, separator, sample.keys))
    is_cut = not is_whole and children[-1].is_branch
    newest = max(sample.keys, key=_revision, default=None) if is_whole else None
    oldest = min(sample.keys, key=_revision, default=None) if is_whole else None
    return Survey(prefix, is_whole, children, children[-1].key if is_cut else b"", newest, oldest)


def _revision(key: KeyRevision) -> int:
    return key.mod_revision


def _children(prefix: bytes, separator: bytes, keys: Sequence[KeyRevision]) -> Iterable[ChildRecord]:
    counts: dict[tuple[bytes, bool], int] = {}
    for each in keys:
        end = each.key.find(separator, len(prefix)) if separator else -1
        name = (each.key, False) if end < 0 else (each.key[: end + len(separator)], True)
        counts[name] = counts.get(name, 0) + 1
    return (ChildRecord(*name, number if name[1] else None) for name, number in counts.items())


@dataclass(frozen=True, slots=True)
class Contents:
    """Some children of a directory, the largest first, and how many others of each kind there are; `is_all` says
    whether these are all that there are, and `cut` is one that has more keys than its count says. Of very many children
    the first are shown, and how many `others` there are of either kind."""

    shown: tuple[ChildRecord, ...]
    directories: int
    keys: int
    is_all: bool
    cut: bytes = b""
    others: int = 0


def contents(directory: Directory, found: Survey | None, most: int) -> Contents:
    """What lies in a directory: as the tree holds it where it was opened, else as a survey found it."""
    if directory.loading is Loading.DONE or directory.children:
        children: Sequence[ChildRecord] = directory.children
        is_all = not directory.more and not directory.start and directory.loading is Loading.DONE
    else:
        children = found.children if found is not None else ()
        is_all = found is not None and found.is_whole
    counts, cut = _counts(directory, found)
    if len(children) > _SORTED:
        first = [ChildRecord(child.key, child.is_branch, counts.get(child.key)) for child in children[:most]]
        return Contents(tuple(first), 0, 0, is_all, cut, len(children) - most)
    branches = [child for child in children if child.is_branch]
    known = [ChildRecord(child.key, True, counts.get(child.key)) for child in branches]
    shown = nlargest(most, known, key=lambda child: child.below or 0)
    leaves = [child for child in children if not child.is_branch]
    shown += leaves[: most - len(shown)]
    left_out = sum(not child.is_branch for child in shown)
    return Contents(tuple(shown), len(branches) - len(shown) + left_out, len(leaves) - left_out, is_all, cut)


def _counts(directory: Directory, found: Survey | None) -> tuple[Mapping[bytes, int], bytes]:
    """The keys below the branches: as the tree follows them, else as they were surveyed, one of them not to its end."""
    if found is None:
        return directory.counts, b""
    surveyed = {child.key: child.below for child in found.children if child.below is not None}
    return ChainMap(directory.counts, surveyed), b"" if found.cut in directory.counts else found.cut
