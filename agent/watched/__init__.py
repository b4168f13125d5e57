"""What a host's own root lets this agent watch: processes, ports, files, certificates and commands, by name."""
