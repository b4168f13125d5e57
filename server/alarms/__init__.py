"""Alarms: opened by a finding or an event, each once; closed by recovery or by people."""
