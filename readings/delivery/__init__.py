"""From a source to the centre, once and in order: a runner takes ticks, a spool keeps them, an uplink sends them."""
