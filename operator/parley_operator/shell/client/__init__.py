"""Who is called, and how: the API server and Parley's API, their pace, and the fence before every write."""
