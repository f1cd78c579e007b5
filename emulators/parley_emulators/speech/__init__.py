"""Hearing and speaking on the CPU, offline: voice activity, turns, recognition, synthesis."""
