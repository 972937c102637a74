"""Decides what a transaction compares: a target of a key, an operator, and what it should be."""

from typing import Any, NoReturn

from etcdobs._call import checked_int
from etcdobs._wire import etcdserverpb as pb
from etcdobs.keys import Keys, as_keys, as_value

__all__ = ["Comparand", "Compare"]


class Compare:
    """One condition of a transaction: `Compare.version("/k") == 3`, `Compare.missing("/k")`.

    For a `Keys` range it must hold for every key in it. It has no truth value: it is sent to the server.
    """

    __slots__ = ("request",)

    def __init__(self, request: pb.Compare) -> None:
        self.request: pb.Compare = request

    @staticmethod
    def value(keys: str | bytes | Keys) -> "Comparand":
        """Compares the value, as str or bytes, byte by byte."""
        return Comparand(keys, pb.Compare.VALUE, "value")

    @staticmethod
    def version(keys: str | bytes | Keys) -> "Comparand":
        """Compares the number of changes since the key was created; 0 when it does not exist."""
        return Comparand(keys, pb.Compare.VERSION, "version")

    @staticmethod
    def create_revision(keys: str | bytes | Keys) -> "Comparand":
        """Compares the revision of the key's creation; 0 when it does not exist."""
        return Comparand(keys, pb.Compare.CREATE, "create_revision")

    @staticmethod
    def mod_revision(keys: str | bytes | Keys) -> "Comparand":
        """Compares the revision of the key's last change; 0 when it does not exist."""
        return Comparand(keys, pb.Compare.MOD, "mod_revision")

    @staticmethod
    def lease(keys: str | bytes | Keys) -> "Comparand":
        """Compares the id of the lease that the key hangs on; 0 for none."""
        return Comparand(keys, pb.Compare.LEASE, "lease")

    @staticmethod
    def exists(key: str | bytes | Keys) -> "Compare":
        """Holds when the key exists."""
        return Compare.create_revision(key) > 0

    @staticmethod
    def missing(key: str | bytes | Keys) -> "Compare":
        """Holds when the key does not exist."""
        return Compare.create_revision(key) == 0

    def __bool__(self) -> NoReturn:
        raise TypeError("a compare has no truth value: give it to txn().when(...), the server evaluates it")

    def __repr__(self) -> str:
        target = pb.Compare.CompareTarget.Name(self.request.target).lower()
        result = pb.Compare.CompareResult.Name(self.request.result).lower()
        return f"<Compare {target} of {self.request.key!r} {result}>"


class Comparand:
    """The left side of a compare; `==`, `!=`, `<` and `>` make the `Compare`."""

    __slots__ = ("_field", "_keys", "_target")

    def __init__(self, keys: str | bytes | Keys, target: "pb.Compare.CompareTarget", field: str) -> None:
        self._keys = as_keys(keys)
        self._target = target
        self._field = field

    def __repr__(self) -> str:
        return f"<Compare.{self._field}({self._keys!r}), to be compared by == != < or >>"

    def __eq__(self, other: object) -> Compare:  # type: ignore[override]
        return self._with(pb.Compare.EQUAL, other)

    def __ne__(self, other: object) -> Compare:  # type: ignore[override]
        return self._with(pb.Compare.NOT_EQUAL, other)

    def __lt__(self, other: object) -> Compare:
        return self._with(pb.Compare.LESS, other)

    def __gt__(self, other: object) -> Compare:
        return self._with(pb.Compare.GREATER, other)

    def __le__(self, other: object) -> NoReturn:
        raise TypeError(f"etcd has no <=, only == != < >; of whole numbers: Compare.{self._field}(...) < n + 1")

    def __ge__(self, other: object) -> NoReturn:
        raise TypeError(f"etcd has no >=, only == != < >; of whole numbers: Compare.{self._field}(...) > n - 1")

    def __bool__(self) -> NoReturn:
        raise TypeError(f"Compare.{self._field}(...) is half a compare: add == != < or > and what it should be")

    def _with(self, result: "pb.Compare.CompareResult", other: object) -> Compare:
        operand: dict[str, Any] = {self._field: self._operand(other)}
        return Compare(
            pb.Compare(key=self._keys.start, range_end=self._keys.end, target=self._target, result=result, **operand)
        )

    def _operand(self, other: object) -> bytes | int:
        if self._field == "value":
            return as_value(other)
        if self._field == "lease":
            return checked_int("lease", getattr(other, "id", other))
        return checked_int(self._field, other)
