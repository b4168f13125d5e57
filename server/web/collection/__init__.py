"""The page of the collection: who asks which devices, how they are asked, and what wants a hand there."""
