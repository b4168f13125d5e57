"""What Prometheus may scrape: the centre itself, a line of each device, and the newest of every reading."""
