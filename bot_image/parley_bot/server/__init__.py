"""The bot's HTTP server, and the rooms that the candidate is met in."""
