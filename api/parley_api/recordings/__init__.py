"""Recordings: the parts that bots send, the file that they become, and what a room's provider keeps."""
