"""A candidate who joins by a link, listens and talks, as a browser would: for demonstrations, tests and benchmarks."""
