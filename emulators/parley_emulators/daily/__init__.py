"""Daily's REST API (https://docs.daily.co/reference/rest-api): rooms, tokens, presence, eject, recordings, limits."""
