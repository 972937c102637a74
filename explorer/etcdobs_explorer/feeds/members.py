"""Waits for the members."""

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.records import GatewayError

from .feed import Feed


class MemberFeed(Feed):
    """The members with their status."""

    async def members(self) -> None:
        """Read the members with their status."""
        try:
            self._post(changes.MembersArrived(await self._gateway.members()))
        except GatewayError as error:
            self._post(changes.MembersFailed(error.reason))

    async def alarms(self) -> None:
        """Read the alarms."""
        try:
            self._post(changes.AlarmsArrived(await self._gateway.alarms()))
        except GatewayError as error:
            self._post(changes.AlarmsFailed(error.reason))
