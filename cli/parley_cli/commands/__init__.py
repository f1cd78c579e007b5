"""What each command does: read flags, call the cluster or the API, print."""
