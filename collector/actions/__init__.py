"""One module per action of ``zhishou collector``; only the one asked for is imported."""
