"""The thin shell around the plan: it watches, observes, acts, and decides nothing."""
