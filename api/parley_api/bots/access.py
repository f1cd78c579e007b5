"""Who is calling, as FastAPI dependencies."""

from typing import Annotated

from fastapi import Depends

from parley_api.auth import BearerToken
from parley_api.bot_directory import Bot
from parley_api.services import ServicesOf


async def _bot(services: ServicesOf, token: BearerToken) -> Bot:
    return await services.bots.bot(token)


async def _fresh_bot(services: ServicesOf, token: BearerToken) -> Bot:
    return await services.bots.bot(token, fresh=True)


async def _operator(services: ServicesOf, token: BearerToken) -> None:
    await services.bots.require_operator(token)


CallingBot = Annotated[Bot, Depends(_bot)]
FreshBot = Annotated[Bot, Depends(_fresh_bot)]
"""A bot that was the current attempt at this very moment, for what must not be done by a replaced one."""
require_operator = Depends(_operator)
