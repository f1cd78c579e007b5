"""The internal listener: what bots report and are told (/bot/v1), what the operator orders (/internal/v1)."""

from fastapi import APIRouter

from parley_api.bots.internal_routes import internal_router
from parley_api.bots.recording import recording_router
from parley_api.bots.routes import bot_router

bots_router = APIRouter()
bots_router.include_router(bot_router)
bots_router.include_router(recording_router)
bots_router.include_router(internal_router)

__all__ = ["bots_router"]
