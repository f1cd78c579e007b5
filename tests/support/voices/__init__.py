"""Synthetic candidates for spoken tests: what they say and when, in which noise, by whose voice."""
