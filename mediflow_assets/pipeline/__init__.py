"""What one materialisation of a table does: storage and transforms put together, without Dagster.

Each step is safe to run again: what it reads as pending is settled only by its last write.
"""
