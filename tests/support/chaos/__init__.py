"""The reliability matrix: every path of an interview, with a fault at each of its steps, on a real API server."""
