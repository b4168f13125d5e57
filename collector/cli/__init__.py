"""Command lines of devices over SSH: what SNMP does not offer, and the versions of their configuration."""
