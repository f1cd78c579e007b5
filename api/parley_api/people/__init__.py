"""The people's side: create, read, cancel interviews, their links and transcripts, and a stream of what happens."""

from parley_api.people.router import people_router

__all__ = ["people_router"]
