"""What the hardware says of itself: one file for each thing read, from files under a root or vendors' programs."""
