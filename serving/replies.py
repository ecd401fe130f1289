"""Requests and replies of a model, made from its contract: names, units and words are its own."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, create_model

from mediflow_assets.contracts.inputs import Feature, FeatureType
from mediflow_assets.contracts.model import Amount, ModelContract
from mediflow_assets.scoring import Bundle, Predictions
from serving.schemas import MOST_PATIENTS, Answered, Batch, Cutoffs, Driver, Patient, Peer, Word

Warnings = Annotated[list[str], Field(description="what was not given, not known, or not used; names fields only")]
Drivers = Annotated[list[Driver] | None, Field(description="the eight largest; null unless `explain=true`")]
_STATUS = Annotated[Literal["Low", "Moderate", "High"], Field(description="by the cut-offs")]
_KINDS: dict[FeatureType, Any] = {
    FeatureType.CATEGORY: Word,
    FeatureType.INTEGER: int,
    FeatureType.NUMBER: float,
}


@dataclass(frozen=True)
class Schemas:
    """What a model's two routes take and give; `each` is one answer of a batch."""

    patient: type[Patient]
    patients: type[Batch]
    reply: type[Answered]
    each: type[BaseModel]
    batch: type[Answered]
    interval: type[BaseModel] | None


def schemas_of(contract: ModelContract) -> Schemas:
    """The schemas of a model."""
    word, answer = contract.api.schema, contract.answer
    interval = _interval(contract, answer) if isinstance(answer, Amount) else None
    core = _core(contract, interval)
    around = _around(contract)
    peer = {"peer": (Peer | None, Field(None, description="null where fewer than 11 people, or nobody, is known"))}
    rest: dict[str, Any] = {"warnings": (Warnings, []), "drivers": (Drivers, None)}
    # a unit stands beside its value
    answered = {answer.field: core[answer.field]} | around | core if interval else core | around
    fields = answered | (peer if contract.has_peers else {}) | rest
    each = create_model(f"{word}Answer", __doc__="One of a batch.", **core, warnings=(Warnings, []))
    patient, patients = _requests(contract)
    listed = (list[each], Field(description="one a patient"))  # type: ignore[valid-type]
    return Schemas(
        patient,
        patients,
        _answered(f"{word}Reply", contract.api.reply, contract.api.example, fields),
        each,
        _answered(
            f"{word}Batch",
            "Answers in the order of the patients.",
            _batch_example(contract, core, around),
            {"predictions": listed} | around,
        ),
        interval,
    )


def _answered(name: str, doc: str, example: Any, fields: dict[str, Any]) -> type[Answered]:
    class WithExample(Answered):
        model_config = ConfigDict(json_schema_extra={"examples": [dict(example)]})

    return create_model(name, __base__=WithExample, __doc__=doc, **fields)


def _core(contract: ModelContract, interval: type[BaseModel] | None) -> dict[str, Any]:
    """The fields of one patient's answer."""
    answer = contract.answer
    if interval is None:
        return {
            answer.field: (Annotated[float, Field(ge=0, le=1, description=f"{answer.described}, 0 to 1")], ...),
            "status": (_STATUS, ...),
        }
    value = Annotated[float, Field(description=f"{answer.described}, {answer.unit}")]
    return {answer.field: (value, ...), "interval": (interval, ...)}


def _around(contract: ModelContract) -> dict[str, Any]:
    """The fields that all of a batch have in common."""
    if contract.answer.is_probability:
        return {"cutoffs": (Cutoffs, ...)}
    unit: Any = Literal[contract.answer.unit]  # type: ignore[valid-type]
    return {"unit": (unit, Field(contract.answer.unit, description="of all amounts here"))}


def _interval(contract: ModelContract, answer: Amount) -> type[BaseModel]:
    return create_model(
        contract.api.interval_schema or f"{contract.api.schema}Interval",
        __doc__=f"Within these ends lies the {answer.noun}, with the probability `coverage`.",
        lower=(float, Field(description=answer.unit)),
        upper=(float, Field(description=answer.unit)),
        coverage=(float, Field(description=f"share of {answer.plural} that lie within, 0 to 1")),
    )


def _batch_example(contract: ModelContract, core: dict[str, Any], around: dict[str, Any]) -> dict[str, Any]:
    one = contract.api.example
    told = {name: one[name] for name in (*around, "model", "model_version", "provisional")}
    answers = [{name: one[name] for name in core} | {"warnings": []}]
    return {"predictions": answers} | told | {"request_id": contract.api.batch_request_id}


def _requests(contract: ModelContract) -> tuple[type[Patient], type[Batch]]:
    """A patient as every model is asked about one; with further fields where this one takes further inputs."""
    extra: dict[str, Any] = {
        name: (_KINDS[feature.type] | None, _limited(feature))
        for name, feature in contract.fields.items()
        if name not in Patient.model_fields
    }
    if not extra:
        return Patient, Batch
    word = contract.api.schema
    patient = create_model(f"{word}Patient", __base__=Patient, __doc__=Patient.__doc__, **extra)
    listed = Field(min_length=1, max_length=MOST_PATIENTS, description="1 to 10,000 of them")
    patients: Any = (list[patient], listed)  # type: ignore[valid-type]
    return patient, create_model(f"{word}Patients", __base__=Batch, __doc__=Batch.__doc__, patients=patients)


def _limited(feature: Feature) -> Any:
    told = f"{feature.description}; {feature.unit}" if feature.unit else feature.description
    if feature.is_category:
        return Field(None, description=told)
    return Field(None, ge=feature.minimum, le=feature.maximum, description=told)


def answers_of(contract: ModelContract, schemas: Schemas, bundle: Bundle, found: Predictions) -> list[dict[str, Any]]:
    """The fields of each patient's answer; amounts to two places."""
    name = contract.answer.field
    if schemas.interval is None:
        return [{name: risk, "status": bundle.status(risk)} for risk in found.values.tolist()]
    assert found.lower is not None and found.upper is not None
    coverage, made = float(bundle.facts["response"]["coverage"]), schemas.interval.model_construct
    columns = (np.round(values, 2).tolist() for values in (found.values, found.lower, found.upper))
    return [
        {name: value, "interval": made(lower=lower, upper=upper, coverage=coverage)}
        for value, lower, upper in zip(*columns, strict=True)
    ]


def around_of(contract: ModelContract, bundle: Bundle, request_id: str) -> dict[str, Any]:
    """The fields that all answers of a request have in common."""
    cutoffs = {"cutoffs": Cutoffs.model_validate(bundle.cutoffs)} if contract.answer.is_probability else {}
    return cutoffs | {
        "model": bundle.name,
        "model_version": bundle.version,
        "provisional": bundle.is_provisional,
        "request_id": request_id,
    }
