"""Reports what happens to the API: numbered, kept and sent again until it is acknowledged."""

from parley_bot.reporter.client import ApiClient
from parley_bot.reporter.reporter import Reporter

__all__ = ["ApiClient", "Reporter"]
