"""Keys and values that have broken viewers, or could: none may reach the terminal as it is."""

HOSTILE: dict[str, bytes] = {
    "markup": b"[/nonsense] [bold red]x[/] [link=http://x]y[/link] [@click=app.quit]z[/]",
    "title": b"\x1b]2;PWNED\x07",
    "clipboard": b"\x1b]52;c;UFdORUQ=\x07",
    "clear": b"\x1b[2J\x1b[H\x1bc",
    "c1": b"\xc2\x9b31m\xc2\x9d0;PWNED\xc2\x9c",
    "raw c1": b"\x9b31m\x9d0;PWNED\x9c",
    "nul": b"a\x00b\x00",
    "backspace": b"abc\x08\x08\x08\x7f\r\n\x0b\x0c\x0e\x0f",
    "bidi": "\u202eevil\u202c \u2066x\u2069 \u200f".encode(),
    "zero width": "a\u200bb\u2060c\ufeff".encode(),
    "line separators": "a\u2028b\u2029c\x85d".encode(),
    "invalid": b"\xff\xfe\xc3\x28 \xed\xa0\x80 \xf8\x88\x80\x80\x80",
    "truncated": b"caf\xc3",
    "cjk": "日本語/キー 한국어 中文".encode(),
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301\u0301\u0301".encode(),
    "long": b"x" * 10_000,
    "wide long": "漢".encode() * 5_000,
    "deep json": b"[" * 5_000 + b"]" * 5_000,
    "big number": b'{"n": ' + b"9" * 5_000 + b"}",
    "yaml bomb": b"a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n",
    "false envelope": b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    "false gzip": b"\x1f\x8b\x08\x00garbage",
}
"""By what is wrong with them."""
