"""Pre-launch verification: a week of watching, judged, submitted by one person and signed by another."""
