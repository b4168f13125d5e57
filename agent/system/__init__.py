"""How the operating system stands beyond its counters: services, restarts, taint, the keeper of the clock."""
