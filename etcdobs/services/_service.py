"""Decides how the services of a client show themselves."""

from typing import Any


class Service:
    """A part of a client that speaks to one of etcd's services."""

    def __repr__(self) -> str:
        driver: Any = vars(self)["_driver"]
        return f"<{type(self).__name__} of {','.join(driver.session.endpoints.texts)}>"
