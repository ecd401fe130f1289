"""MediFlow: a healthcare lakehouse of Dagster assets.

Where to look: what a table holds and who may see it, `contracts`; how it is computed, `transforms`; how it is
stored, `storage`; when it runs, `defs`.
"""
