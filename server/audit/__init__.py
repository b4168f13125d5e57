"""Who changed what, when, from what to what: one chain in which nothing can be altered unseen."""
