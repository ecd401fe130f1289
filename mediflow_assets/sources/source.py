"""A source: how its files are told from others, read and counted, whom its records name, how they become Silver rows.

Data and pure functions only. A file that is told by its header has a `form`; every other one a `recognise` of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.sources.count import count_csv
from mediflow_assets.sources.csv_batches import read_csv
from mediflow_assets.sources.delivery import Limits, Recognised, RecordBatchOfDelivery
from mediflow_assets.sources.fhir_numbers import Numbered
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.people import Named, named_in_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from mediflow_assets.transforms.feeds import FeedReader

    Transform = Callable[[DataFrame, FeedReader], DataFrame]
    """Records of Bronze → rows in the shape of a Silver table, with what could not be read of each."""


@dataclass(frozen=True)
class Candidate:
    """A file that may be a delivery, and its first bytes."""

    path: Path
    compression: str | None
    head: bytes
    limits: Limits


@dataclass(frozen=True)
class Source:
    """One kind of delivery."""

    contract: SourceContract
    transforms: "Callable[[], Mapping[str, Transform]]" = dict
    """By Silver table; loaded when first asked for, since taking a file in needs no Spark."""
    form: Form | None = None
    recognise: Callable[[Candidate], Recognised | None] | None = None
    """None of a file that is another source's. Raises DeliveryRefused of a broken one that is meant to be its own."""
    read: Callable[[Path, Recognised], Iterator[RecordBatchOfDelivery]] = read_csv
    count: Callable[[Path, Recognised], int] = count_csv
    """How many records a file delivers, good or bad, by other means than `read`."""
    people: Callable[[pa.RecordBatch], Named] | None = None
    """Whom records name, where that is not told by columns of their own."""
    says_namespaces: bool = False
    """Whether `people` says of each id whose it is, as `namespace|id`."""
    record_numbers: Callable[[pa.RecordBatch, str], list[Numbered]] | None = None
    """Per record the patient that it is, and the record number by which that identifier system knows them."""
    names_borne: Callable[[pa.RecordBatch], list[tuple[str | None, tuple[str, ...]]]] | None = None
    """Per record the patient that it is, and the names by which other records may mean that patient."""
    unpack: "Callable[[DataFrame], DataFrame] | None" = None
    """Rows of Bronze → records with a column for each field, where Bronze holds a record in one piece."""
    words: Callable[[Mapping[str, object]], Mapping[str, str | None]] | None = None
    """Words of coded columns in a record that Bronze keeps in one piece, by the names of a flat admission's columns."""
    accepts: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """What people are told that a delivery must hold, and may hold; of a `form` its columns."""

    @property
    def told(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What a delivery must hold, and what it may hold."""
        if self.form is None:
            return self.accepts
        return self.form.required, tuple(name for name in self.form.columns if name not in self.form.required)

    @property
    def people_columns(self) -> tuple[str, ...]:
        """The columns of Bronze that tell whom a record names."""
        return self.contract.filled if self.people else self.contract.identifiers

    def named(self, records: pa.RecordBatch) -> Named:
        """Whom records of Bronze name."""
        return self.people(records) if self.people else named_in_columns(self.contract, records)
