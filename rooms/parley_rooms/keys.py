"""The key of a provider's account, read anew at each call: whoever mends or renews it restarts nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parley_rooms.errors import RoomAuthError


class ApiKey(Protocol):
    """A key that can be read, and what people have to mend where it is refused."""

    @property
    def place(self) -> str:
        """Where people find it, for messages; never the key itself."""
        ...

    def read(self) -> str:
        """The key. Raises `RoomAuthError` where there is none."""
        ...


@dataclass(frozen=True)
class KeyFile:
    """A key in a file, as a Secret is mounted: the kubelet writes it anew when the Secret changes.

    Attributes:
        path: the file; blanks and line ends around the key are none of it.
        place: as in `ApiKey`, such as `key DAILY_API_KEY of Secret parley/daily`.
    """

    path: Path
    place: str

    def read(self) -> str:
        """As in `ApiKey`."""
        try:
            key = self.path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            # Neither error's text: a decoding error quotes what it could not decode.
            raise RoomAuthError(f"there is no API key: mend {self.place} ({type(error).__name__})") from None
        if not key or not key.isascii() or not key.isprintable():
            raise RoomAuthError(f"what is there is no API key: mend {self.place}")
        return key


def mounted_key(path: Path, secret: str | None) -> KeyFile:
    """The key in a file that a Secret's key of the file's name is mounted as; `secret` is its namespace/name."""
    return KeyFile(path, f"the file {path}" if secret is None else f"key {path.name} of Secret {secret}")
