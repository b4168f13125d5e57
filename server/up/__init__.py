"""``zhishou up``: centre, agent and collector of this host, each its own process, started and stopped together."""
