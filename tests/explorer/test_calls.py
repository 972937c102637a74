"""What the calls view holds: the last calls, attempts of one call together, words that filter, a pause that counts."""

from dataclasses import replace

from etcdobs_explorer.model.call_log import CallFilter, CallLog
from etcdobs_explorer.model.calls import OPEN, CallRecord, LoggedCall, is_polling, polling


def call(number: int, **fields: object) -> CallRecord:
    values: dict[str, object] = {"seconds": 0.001, "code": "OK", "endpoint": b"a:1", "trace_id": f"t{number}"} | fields
    return CallRecord(number, 100.0 + number, "etcdserverpb.KV", "Range", **values)  # type: ignore[arg-type]


def numbers(log: CallLog) -> list[int]:
    return [row.number for row in log.rows]


class TestAttempts:
    def test_attempts_of_one_trace_are_one_call(self) -> None:
        log = CallLog()
        log.add([call(0, code="Unavailable", seconds=0.5), call(1)])
        log.add([call(2, trace_id="t0", attempt=1, endpoint=b"b:2", seconds=0.25)])
        assert numbers(log) == [0, 1]
        row = log.rows[0]
        assert (len(row.attempts), row.last.code, row.last.endpoint, row.seconds) == (2, "OK", b"b:2", 2.25)

    def test_another_call_of_the_same_trace_is_a_call_of_its_own(self) -> None:
        log = CallLog()
        log.add([call(0), call(1, trace_id="t0"), replace(call(2, trace_id="t0", attempt=1), method="Put")])
        assert numbers(log) == [0, 1, 2]

    def test_an_open_stream_is_told_of_again_in_its_place(self) -> None:
        log = CallLog()
        log.add([call(0, code=OPEN, seconds=None, is_stream=True), call(1)])
        log.add([call(0, code=OPEN, seconds=None, is_stream=True, messages_in=7)])
        assert (numbers(log), log.rows[0].last.messages_in, log.rows[0].seconds) == ([0, 1], 7, None)
        log.add([call(0, code="Unavailable", seconds=9.0, is_stream=True)])
        assert (log.rows[0].last.code, log.total, log.errors) == ("Unavailable", 2, 1)


class TestFilter:
    def passes(self, text: str, record: CallRecord) -> bool:
        return CallFilter(text).keeps_call(LoggedCall([record]))

    def test_slow_has_a_limit(self) -> None:
        assert self.passes("slow", call(0, seconds=0.05))
        assert not self.passes("slow", call(0, seconds=0.049))
        assert not self.passes("slow:200ms", call(0, seconds=0.05))
        assert self.passes("slow:200ms", call(0, seconds=0.2))
        assert self.passes("slow:1.5s", call(0, seconds=2.0))
        assert self.passes("!slow", call(0, seconds=0.01))
        assert not self.passes("slow", call(0, seconds=None, code=OPEN))

    def test_errors_and_polls(self) -> None:
        assert self.passes("errors", call(0, code="Unavailable"))
        assert not self.passes("errors", call(0))
        assert not self.passes("errors", call(0, code="Canceled"))
        assert not self.passes("errors", call(0, code=OPEN))
        assert CallFilter("errors").keeps_call(LoggedCall([call(0, code="Unavailable"), call(1, attempt=1)]))
        assert CallFilter("retried").keeps_call(LoggedCall([call(0, code="Unavailable"), call(1, attempt=1)]))
        assert not self.passes("retried", call(0))
        assert self.passes("!poll", call(0))
        assert not self.passes("!poll", call(0, is_poll=True))

    def test_texts_look_at_method_keys_member_code_and_trace(self) -> None:
        record = call(0, keys=b"/App/x", member=b"m1", code="NotFound", trace_id="4bf92f")
        for text in ("range", "/app", "m1", "notfound", "4bf9", "a:1", "KV/Range", "/app m1 !put", ""):
            assert self.passes(text, record), text
        for text in ("put", "!range", "/app m2", "/APP"):
            assert not self.passes(text, record), text

    def test_what_only_looks_like_a_word_is_a_text(self) -> None:
        assert self.passes("slow:x", call(0, keys=b"slow:x"))
        assert not self.passes("slow:x", call(0))

    def test_words_follow_a_stream_that_fails(self) -> None:
        log = CallLog()
        log.set_filter("errors")
        log.add([call(0, code=OPEN, seconds=None, is_stream=True), call(1)])
        assert numbers(log) == []
        log.add([call(0, code="Unavailable", is_stream=True)])
        assert numbers(log) == [0]


class TestLog:
    def test_the_ring_is_bounded_and_rows_go_with_it(self) -> None:
        log = CallLog(capacity=3)
        log.add([call(n) for n in range(10)])
        assert (numbers(log), log.total, log.held) == ([7, 8, 9], 10, 3)
        assert log.index_of(8) == 1
        assert log.index_of(2) == 0
        assert log.index_of(11) is None

    def test_news_of_what_the_ring_let_go_of_is_no_row(self) -> None:
        log = CallLog(capacity=2)
        log.add([call(0, code=OPEN, seconds=None, is_stream=True), call(1), call(2)])
        log.add([call(0, code=OPEN, seconds=None, is_stream=True, messages_in=1)])
        assert numbers(log) == [1, 2]

    def test_while_paused_rows_stand_still_and_what_comes_is_counted(self) -> None:
        log = CallLog()
        log.add([call(0)])
        log.pause(True)
        log.add([call(1), call(2)])
        assert (numbers(log), log.waiting) == ([0], 2)
        log.pause(False)
        assert (numbers(log), log.waiting) == ([0, 1, 2], 0)

    def test_own_repeated_calls_can_be_hidden(self) -> None:
        log = CallLog()
        log.add([call(0, is_poll=True), call(1)])
        log.set_filter("!poll")
        log.add([call(2, is_poll=True), call(3)])
        assert numbers(log) == [1, 3]
        log.set_filter("")
        assert numbers(log) == [0, 1, 2, 3]

    def test_clear_keeps_streams_that_are_open(self) -> None:
        log = CallLog()
        log.add([call(0, code=OPEN, seconds=None, is_stream=True), call(1)])
        log.clear()
        assert (numbers(log), log.total) == ([0], 1)


def test_what_runs_within_polling_is_polling() -> None:
    assert not is_polling()
    with polling():
        assert is_polling()
    assert not is_polling()
