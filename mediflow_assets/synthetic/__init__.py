"""The synthetic hospital: deliveries whose truth is known, to try, to test and to measure the pipeline with.

`hospital.toml` holds every constant of the model. The patients are invented.
"""

from mediflow_assets.synthetic.generate import Generated, generate

__all__ = ["Generated", "generate"]
