"""What "normal" means, as data and pure functions: no clock, no database, no HTTP."""
