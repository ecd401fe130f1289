"""MediFlow: a healthcare lakehouse of Dagster assets.

Where to look: what a table holds and who may see it, `contracts`; how it is computed, `transforms`; how it is
stored, `storage`; when it runs, `defs`.
"""

from mediflow_assets.object_key import adopt

# delta-rs and the embedded engine know the environment only, not the file that all other clients of S3 read
adopt()
