"""Decides how the palette shows what it offers: as it is, for names of keys and contexts are no markup."""

from textual.command import DiscoveryHit, Hits
from textual.content import Content
from textual.system_commands import SystemCommandsProvider


class Offered(SystemCommandsProvider):
    """The app's commands. Their help is the explorer's own words, which Textual reads as markup."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name, help_text, callback, is_offered in sorted(
            self.app.get_system_commands(self.screen),  # pyright: ignore[reportUnknownMemberType]
            key=lambda command: command.title,
        ):
            if is_offered:
                yield DiscoveryHit(Content(name), callback, text=name, help=help_text)
