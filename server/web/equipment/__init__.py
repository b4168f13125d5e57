"""What is peculiar to equipment that a collector asks: ports, power, cooling, environment, and how it is asked."""
