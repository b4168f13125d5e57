"""The program that polls what cannot run an agent: switches, UPS, air conditioning."""
