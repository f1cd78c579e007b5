"""What Parley is set beside: pipecat's own example for Nova Sonic, as near to it as the bench lets it be."""
