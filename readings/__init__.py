"""The words every room shares: what a reading is, what it is called, and how it travels."""
