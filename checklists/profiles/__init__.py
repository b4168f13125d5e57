"""What devices of each kind must show before they go online, one YAML a profile."""
