"""Where a bot serves its room, which the operator opens, the API's relay reaches, and the bot listens on."""

from typing import Final

BOT_PORT: Final = 8080
"""The port of /ws, /readyz and /healthz in a bot's pod."""
MAX_MESSAGE_BYTES: Final = 524_288
"""The largest WebSocket message of a room; a frame of sound is a few kilobytes."""
