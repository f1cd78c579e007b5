"""Who holds a slot, who waits for one, and in which order."""
