"""What `zhishou agent` can be asked to do, one module each: `act(settings, args)` gives the exit code."""
