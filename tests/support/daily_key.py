"""A key of Daily's as the client takes it, for tests: it can be mended while somebody uses it."""

from dataclasses import dataclass, field


@dataclass
class GivenKey:
    """An `ApiKey` of `parley_rooms`."""

    key: str = field(repr=False)
    place: str = "key DAILY_API_KEY of Secret parley/daily"

    def read(self) -> str:
        """The key."""
        return self.key
