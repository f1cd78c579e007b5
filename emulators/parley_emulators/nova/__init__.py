"""Amazon Nova Sonic's bidirectional stream: HTTP/2, signed event-stream frames, a session that hears and speaks."""
