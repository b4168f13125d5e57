"""Pre-launch verification: what must hold over a week, as data and pure functions of what was read."""
