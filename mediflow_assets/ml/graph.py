"""scikit-learn → ONNX: the graph with its preprocessing, and the proof that it answers alike."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder

from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.errors import GraphWrong
from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.pipelines import raw_scores

MOST_BYTES = 30_000_000
TOLERANCE = 1e-4
OPSET = {"": 17, "ai.onnx.ml": 3}


def to_onnx(fitted: Pipeline, features: Sequence[Feature]) -> bytes:
    """The graph: one input of n rows by 1 column for each feature. Raises GraphWrong where it is over 30 MB."""
    from skl2onnx import convert_sklearn, update_registered_converter
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    update_registered_converter(TargetEncoder, "MediFlowTargetEncoder", _shape, _convert, overwrite=True)
    types = [
        (feature.name, StringTensorType([None, 1]) if feature.is_category else FloatTensorType([None, 1]))
        for feature in features
    ]
    model = fitted.named_steps["model"]
    options = {id(model): {"zipmap": False}} if hasattr(model, "classes_") else None
    content = bytes(
        convert_sklearn(fitted, initial_types=types, options=options, target_opset=OPSET).SerializeToString()
    )
    if len(content) > MOST_BYTES:
        raise GraphWrong(
            f"The graph has {len(content) / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f} are served. Use larger leaves "
            "or fewer trees."
        )
    return content


def _shape(operator: Any) -> None:
    from skl2onnx.common.data_types import FloatTensorType

    operator.outputs[0].type = FloatTensorType([operator.inputs[0].get_first_dimension(), 1])


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """A look-up: a word seen in training → its mean outcome, any other → the mean of all."""
    encoder = operator.raw_operator
    container.add_node(
        "LabelEncoder",
        operator.inputs[0].full_name,
        operator.outputs[0].full_name,
        op_domain="ai.onnx.ml",
        op_version=2,
        name=scope.get_unique_operator_name("TargetEncoder"),
        keys_strings=[str(word) for word in encoder.categories_[0]],
        values_floats=[float(value) for value in encoder.encodings_[0]],
        default_float=float(encoder.target_mean_),
    )


def require_agreement(graph: Floats, fitted: Pipeline, inputs: pd.DataFrame, is_probability: bool) -> float:
    """The largest difference between the graph's answers and scikit-learn's. Raises GraphWrong above 1e-4."""
    difference = np.abs(np.asarray(graph) - raw_scores(fitted, inputs, is_probability))
    largest = float(difference.max()) if len(difference) else 0.0
    if not largest <= TOLERANCE:
        raise GraphWrong(
            f"The exported graph differs from the trained model by {largest:.2g} on {len(inputs)} held-out rows "
            f"({TOLERANCE:g} is allowed). No champion was changed."
        )
    return largest
