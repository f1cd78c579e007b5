"""The AWS credentials of the process, found in a thread: with a role they cost a request to STS that may take long.

They come from botocore's default chain (which is boto3's, at a third of the time to import).
"""

import asyncio
from typing import Any

import botocore.session
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from loguru import logger

from parley_bot.exits import ModelRefusedError

_LOOKUP_SECONDS = 15.0
_REFRESH_SECONDS = 60.0


class Credentials:
    """What the model is called with. `refresh` them before the first `current`; `keep_fresh` runs beside."""

    def __init__(self) -> None:
        self._found: Any = None
        self._frozen: Any = None

    @property
    def current(self) -> Any:
        """The credentials that were found last: `access_key`, `secret_key`, `token`. Never waits.

        Raises:
            ModelRefusedError: none were found yet.
        """
        if self._frozen is None:
            raise ModelRefusedError("no AWS credentials were looked up yet")
        return self._frozen

    async def refresh(self) -> None:
        """Look them up; those of a role are renewed by botocore when their time comes, others are read anew.

        Raises:
            ModelRefusedError: there are none, or their source does not answer.
        """
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                frozen = await asyncio.to_thread(self._look_up)
        except TimeoutError:
            raise ModelRefusedError("the source of the AWS credentials does not answer") from None
        except (BotoCoreError, ClientError, OSError) as error:
            raise ModelRefusedError(f"no AWS credentials: {error}") from error
        if frozen is None or frozen.access_key is None:
            raise ModelRefusedError("no AWS credentials were found by the default chain")
        self._frozen = frozen

    async def keep_fresh(self) -> None:
        """Refresh them until cancelled. A failure is told: those at hand may serve until their source is back."""
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            try:
                await self.refresh()
            except ModelRefusedError as error:
                logger.warning("{}", error)

    def _look_up(self) -> Any:
        if not isinstance(self._found, RefreshableCredentials):
            self._found = botocore.session.Session().get_credentials()
        return self._found.get_frozen_credentials() if self._found is not None else None
