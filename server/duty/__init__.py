"""Duty checklists: filled from readings, confirmed by one person, reviewed by another, closed for good."""
