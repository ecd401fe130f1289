"""What a model contract is made of: what a model takes and answers, and the words for it. Standard library only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mediflow_assets.contracts.inputs import Feature, field_of, is_derived
from mediflow_assets.contracts.table import TableContract

RECENT_DAYS = 30
"""What is scored and compared with training: so many of the last days there are."""


@dataclass(frozen=True)
class Amount:
    """Answers a positive quantity, with the interval in which it lies."""

    stem: str
    """What names in replies and columns are made with: `cost` gives `predicted_cost`, `cost_lower_usd`."""
    unit: str
    described: str
    noun: str
    plural: str
    is_probability = False

    @property
    def field(self) -> str:
        """The field of a reply that holds it."""
        return f"predicted_{self.stem}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """The columns of a table that hold it: the value and the ends of its interval."""
        unit = self.unit.lower()
        return f"predicted_{self.stem}_{unit}", f"{self.stem}_lower_{unit}", f"{self.stem}_upper_{unit}"


@dataclass(frozen=True)
class Probability:
    """Answers how likely something is, with a status by cut-offs."""

    stem: str
    """What names in replies and columns are made with: `readmission` gives `readmission_risk`."""
    described: str
    noun: str = "risk"
    plural: str = "risks"
    unit = "probability"
    is_probability = True

    @property
    def field(self) -> str:
        """The field of a reply that holds it."""
        return f"{self.stem}_risk"

    @property
    def columns(self) -> tuple[str, str]:
        """The columns of a table that hold it: the value and its status."""
        return self.field, f"{self.stem}_status"


@dataclass(frozen=True)
class ApiWords:
    """How the gateway offers a model: its schemas and what its OpenAPI document says. `example` is a whole reply."""

    schema: str
    summary: str
    batch_summary: str
    description: str
    reply: str
    example: Mapping[str, Any]
    batch_request_id: str
    """Of the example of a batch."""
    path: str | None = None
    interval_schema: str | None = None


@dataclass(frozen=True)
class CardWords:
    """What the model card says of a model beyond its figures."""

    purpose: str
    population: str
    out_of_scope: str
    exclusions: str
    bias: str


@dataclass(frozen=True)
class LateLabel:
    """An outcome that is known only `days` after `time`: drift and retraining look at what became known since."""

    table: TableContract
    column: str
    time: str
    days: int


@dataclass(frozen=True)
class ModelContract:
    """One model: what it takes, what it answers, and how the asset graph, the gateway, the card and the dashboard
    speak of it. How it is trained is the `ModelSpec` of the same file name in `ml/specs`."""

    name: str
    title: str
    """What the dashboard asks: what to predict."""
    label: str
    """What the dashboard writes over the answer."""
    description: str
    features: Sequence[Feature]
    answer: Amount | Probability
    target: str
    trained_from: tuple[TableContract, ...]
    scored_from: tuple[TableContract, ...]
    """The tables that the rows to be scored come from."""
    api: ApiWords
    card: CardWords
    by: str | None = None
    """The input by whose words the spread of an amount is learned; then it is answered by a learned word or not at
    all."""
    by_why: str = ""
    derived_from: tuple[str, ...] = ()
    """The columns its stored scores are derived from; where there are none, `gold/risk_scores` does not hold it."""
    late_label: LateLabel | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    """Further whole numbers that the dashboard's form asks for: field → its label there."""
    has_peers: bool = False
    """Whether a reply tells what `masked/cost_peers` knows of the same department and diagnosis."""
    position: int = 100
    """Its place where models are listed."""

    @property
    def path(self) -> str:
        """Its route at the gateway; that of batches is `/batch` below it."""
        return self.api.path or f"/predict/{self.name}"

    @property
    def fields(self) -> dict[str, Feature]:
        """Each field of a request → the input that it carries; what follows from another input is not asked for."""
        return {field_of(feature.name): feature for feature in self.features if not is_derived(feature.name)}

    @property
    def version_columns(self) -> tuple[str, str]:
        """The columns of a table that say who scored: the version and its MLflow run."""
        return f"{self.answer.stem}_model_version", f"{self.answer.stem}_run_id"
