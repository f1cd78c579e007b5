"""What of an installation is misconfigured, and how to mend it."""
