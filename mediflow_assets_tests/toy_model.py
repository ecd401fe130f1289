"""A third model, as its two files would hold it, and how a test adds it for a while."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.inputs import AGE, DEPARTMENT, GENDER, HISTORY, count
from mediflow_assets.contracts.model import Amount, ApiWords, CardWords, ModelContract
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.ml import pipelines
from mediflow_assets.ml.baselines import mean_rule
from mediflow_assets.ml.measures import OF_AMOUNT
from mediflow_assets.ml.population import Labelled, Population, both, in_order, stays_with_history
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.ml.specs import SPECS
from mediflow_assets.storage.delta import Lake

# contracts/served/length_of_stay.py
CONTRACT = ModelContract(
    name="length-of-stay",
    title="Length of stay",
    label="Expected stay",
    description="Expected nights of a stay, at admission.",
    features=(AGE, GENDER, DEPARTMENT, *HISTORY, count("escorts", "people who came along", "at admission", 9)),
    answer=Amount("stay", "days", "expected nights of the stay", "stay", "stays"),
    target="nights of the stay, known at its end",
    trained_from=(gold.ADMISSION_FEATURES, gold.READMISSIONS),
    scored_from=(gold.ADMISSION_FEATURES, gold.READMISSIONS),
    api=ApiWords(
        schema="Stay",
        summary="Expected nights of a stay",
        batch_summary="Expected nights of many stays",
        description="In days, with the interval in which 90 % of such stays lie.",
        reply="Expected nights.",
        example={
            "predicted_stay": 4.2,
            "unit": "days",
            "interval": {"lower": 1.5, "upper": 9.0, "coverage": 0.9},
            "warnings": [],
            "drivers": None,
            "model": "length-of-stay",
            "model_version": "1",
            "provisional": False,
            "request_id": "order-1",
        },
        batch_request_id="order-2",
    ),
    card=CardWords("Plan beds.", "inpatients", "to send patients home", "open stays", "none was looked for"),
    form={"escorts": "People who came along"},
)


# ml/specs/length_of_stay.py
def ended(lake: Lake, where: Any = None) -> Labelled:
    rows = in_order(stays(lake, both(where, pc.field("length_of_stay_days") > 0)))
    return Labelled(rows, pc.cast(rows["length_of_stay_days"], pa.float64()), rows["discharged_at"])


def stays(lake: Lake, where: Any = None) -> pa.Table:
    rows = stays_with_history(lake, where)
    return rows.append_column("escorts", pa.array(np.arange(len(rows)) % 3, pa.int32()))


SPEC = ModelSpec(
    CONTRACT,
    Population(ended, stays, lambda lake, encounters: "no stay has ended."),
    OF_AMOUNT,
    {"mean": mean_rule},
    compared={"linear": pipelines.linear},
)


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """As long as this is open, there is a third model."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(MODELS, CONTRACT.name, CONTRACT)
        patched.setitem(SPECS, CONTRACT.name, SPEC)
        yield
