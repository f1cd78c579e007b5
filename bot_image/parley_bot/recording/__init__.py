"""Recording: two channels on the interview's clock, encoded as they come, and handed to the API in parts."""
