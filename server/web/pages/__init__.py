"""The pages: each module answers one address and says who may see it."""
