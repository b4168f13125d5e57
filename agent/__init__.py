"""The program on a server: reads the host it stands on and hands the readings to the centre."""
