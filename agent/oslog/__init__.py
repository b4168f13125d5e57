"""What the operating system wrote down: kernel log, journal, classic syslog, as events that are told exactly once."""
