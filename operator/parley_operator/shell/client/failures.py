"""What a call to the outside raises when it could not be done."""

import aiohttp
from parley_rooms.errors import RoomError

from parley_operator.shell.client.api import ApiError
from parley_operator.shell.client.kube import KubeError

ACTION_ERRORS = (KubeError, RoomError, ApiError, aiohttp.ClientError, TimeoutError)
"""What an action that could not be done raises; it is tried again later."""
