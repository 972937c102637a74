"""Decides what a line to type in takes: what is pasted becomes inert, as everything else on the screen is."""

from textual import events
from textual.widgets import Input

from etcdobs_explorer.model.writes.draft import typed


class LineInput(Input):
    """A line to type in. What a terminal would act upon arrives by pasting alone: keys bring characters to be seen."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        line = typed(event.text.strip("\r\n").split("\n", 1)[0].rstrip("\r"))
        self.replace(line, *sorted(self.selection))
