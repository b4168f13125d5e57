"""Duty checklists: what is looked at, on which devices, by whom, and what a reading makes of it."""
