"""Plain scikit-learn behind the same FastAPI: the pipeline as it was fitted, no tokens, no audit, no limits.

`python -m benchmarks.gateway.plain PIPELINE PORT`
"""

import math
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import uvicorn
from fastapi import FastAPI

from mediflow_assets.contracts.icd10 import chapter
from serving.schemas import Batch, Patient


def plain_app(pipeline_file: str) -> FastAPI:
    """The service."""
    pipeline, names = pickle.loads(Path(pipeline_file).read_bytes())
    words = [name for name, is_word in names.items() if is_word]
    app = FastAPI()

    def answers(patients: Sequence[Patient]) -> list[float]:
        rows = [
            dict(patient)
            | {
                "age_at_admission": patient.age,
                "admitting_diagnosis_code": patient.diagnosis_code,
                "admitting_diagnosis_chapter": chapter(patient.diagnosis_code),
            }
            for patient in patients
        ]
        frame = pd.DataFrame(rows).reindex(columns=list(names)).infer_objects()
        frame[words] = frame[words].fillna("UNKNOWN").astype(object)
        return [math.exp(raw) for raw in pipeline.predict(frame)]

    @app.get("/health/ready")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/predict")
    def predict(patient: Patient) -> dict[str, float]:
        return {"predicted_cost": answers([patient])[0]}

    @app.post("/predict/batch")
    def batch(batch: Batch) -> dict[str, list[dict[str, float]]]:
        return {"predictions": [{"predicted_cost": cost} for cost in answers(batch.patients)]}

    return app


if __name__ == "__main__":
    uvicorn.run(plain_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), access_log=False, log_level="warning")
