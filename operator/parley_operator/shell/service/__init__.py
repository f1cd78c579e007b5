"""The operator as a service: its Lease, its health, its signals."""
