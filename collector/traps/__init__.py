"""SNMP traps and informs: received in a process of their own, authenticated by device, told by data."""
