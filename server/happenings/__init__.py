"""What happened on devices: events, sources that gave nothing, and facts with their changes."""
