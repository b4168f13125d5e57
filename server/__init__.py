"""The centre: keeps what was read, judges it, and turns it into records."""
