"""The secrets devices are asked with: encrypted with a key that is neither in the database nor in its backup."""
