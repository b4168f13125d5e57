"""When the centre itself was there to listen: its absence is nobody's fault but its own."""
