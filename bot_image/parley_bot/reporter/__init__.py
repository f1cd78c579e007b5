"""Reports what happens to the API: numbered, spooled to disk first, sent again until it is acknowledged."""

from parley_bot.reporter.client import ApiClient
from parley_bot.reporter.reporter import Reporter
from parley_bot.reporter.spool import Spool

__all__ = ["ApiClient", "Reporter", "Spool"]
