"""`make bench-operator`: Parley's operator beside its peers, on a real API server with KWOK for the kubelet."""
