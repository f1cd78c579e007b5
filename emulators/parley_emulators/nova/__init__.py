"""Amazon Nova Sonic's bidirectional stream: HTTP/2, event-stream frames, signatures, and a session that hears and speaks."""
