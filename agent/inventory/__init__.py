"""What this host is made of: memory modules, disks, cards, BMC, packages, listening ports, as facts."""
