"""Turns of interviews: one at a time for each, a bounded number at once, counted and ended in order."""
