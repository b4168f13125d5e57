"""Frozen evidence: what a record said when it was closed, and the file that carries it out of the house."""
