"""Drafting the mapping of a file that no source knows: what its headers say, what its values look like, what fits."""
