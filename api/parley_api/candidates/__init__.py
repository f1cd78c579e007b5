"""The candidate's side: what the join link opens, consent, and the way into the room."""

from parley_api.candidates.router import candidates_router

__all__ = ["candidates_router"]
