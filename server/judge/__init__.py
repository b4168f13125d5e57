"""What the rules say of each device now, since when, and every change of it."""
