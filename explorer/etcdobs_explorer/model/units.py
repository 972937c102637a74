"""Decides how numbers are written: counts, sizes, durations and ids, the same way on every screen."""

_STEPS = ("B", "KiB", "MiB", "GiB", "TiB")


def count(number: int) -> str:
    """A whole number with thousands separators."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes in binary units: `512 B`, `1.2 KiB`, `20 MiB`."""
    value, step = float(number), 0
    while value >= 1024 and step < len(_STEPS) - 1:
        value, step = value / 1024, step + 1
    unit = _STEPS[step]
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """Whole seconds in at most two units: `7s`, `3m04s`, `2h05m`, `4d03h`, and `120d` from a hundred days on."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    days, hours = whole // 86400, whole % 86400 // 3600
    return f"{days}d{hours:02d}h" if days < 100 else f"{days:,}d"


def rate(per_second: float) -> str:
    """How often a second: `0`, `0.4`, `12.5`, `1,250`."""
    return f"{per_second:,.0f}" if per_second >= 100 or not per_second else f"{per_second:.1f}"


def latency(seconds: float | None) -> str:
    """A short time: `0.42 ms`, `12 ms`, `1.20 s`; `-` where there is none."""
    if seconds is None:
        return "-"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2g} ms"


def hex_id(number: int) -> str:
    """A member or lease id as etcdctl prints it."""
    return f"{number:x}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 key`, `2,000 keys`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
