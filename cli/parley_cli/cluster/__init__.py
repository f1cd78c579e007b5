"""How the cluster and Parley's API are reached."""
