"""What nobody watches, and what nothing tells of: found now and then, a few at a time."""
