"""What touches the world: one module per protocol, each with limits on everything."""
