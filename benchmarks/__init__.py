"""Measurements of the real program. Outside the wheel: they run from a checkout."""
