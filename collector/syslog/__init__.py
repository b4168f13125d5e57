"""Syslog of devices (RFC 5424 and 3164, UDP and TCP): taken from known addresses, bounded, told as events."""
