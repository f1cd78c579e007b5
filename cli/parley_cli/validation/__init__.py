"""What an API server with Parley's CRDs would refuse, told without one."""
