"""What the host says of itself: one file per thing read, each a pure parse of a kernel file under a settable root."""
