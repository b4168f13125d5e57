"""``zhishou up``: the centre and an agent for this host, each its own process, started and stopped together."""
