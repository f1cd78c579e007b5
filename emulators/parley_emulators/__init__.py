"""Peers that speak the true wire protocols of Amazon Nova Sonic and of Daily's REST API, and a candidate who talks.

Nothing of the product imports this package, and it imports nothing of the product: what the two share is the wire.
"""
