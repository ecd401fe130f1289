"""ADT messages → patients, visits and merges. Each is read in Python once a record; what is read takes one way with
flat admissions (visits) and Synthea's files (patients)."""

import logging
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import hl7, merges
from mediflow_assets.contracts.bronze import ADMISSIONS
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS
from mediflow_assets.contracts.hl7_message import Message, Value, identity
from mediflow_assets.contracts.identifiers import as_delivered
from mediflow_assets.transforms import clinical, encounters, identifiers, parsing, patient_links, patients
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.hl7 import person, stay
from mediflow_assets.transforms.hl7.moves import Moves
from mediflow_assets.transforms.hl7.reading import Authorities, Cells, number_of, patient_of, version_of
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import AWAITS, SPEAKS, UNREAD, UNREAD_MESSAGE, codes
from mediflow_assets.transforms.versions import version_time

_log = logging.getLogger(__name__)
SYSTEM = hl7.SOURCE.system
_LINK_COLUMNS = ("survivor_namespace", "survivor_id", "merged_namespace", "merged_id", "kind", "updated_at",
                 "version_number", patient_links.MORE)  # fmt: skip
_EMPTY = tuple(name for name in ADMISSIONS.column_names if name not in (*stay.COLUMNS, *PROVENANCE))
Reader = Callable[[Message, Authorities], Cells]
Pair = tuple[Value | None, Value | None]


def patients_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """The patients that messages tell of."""
    texts = feeds.texts(_read(bronze, feeds, person.cells_of, person.COLUMNS), ("gender",), (), ())
    died = F.when(F.col("deathdate").isNotNull(), F.lit(True))
    is_end = F.coalesce(F.col("ended") == "true", F.lit(False))
    more = {
        "source_system": F.lit(SYSTEM),
        "id_namespace": F.col("namespace"),
        "phone": F.col("phone"),
        "email": F.col("email"),
        "is_deceased": F.when(F.col("deceased").isNotNull(), F.col("deceased") == "true").otherwise(died),
        "cleared": F.col("emptied"),
        "is_ended": is_end,
        **_version(feeds),
    }
    return patients.from_synthea(texts, feeds, more, against=codes(F.col(UNREAD)))


def encounters_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """The visits that messages tell of."""
    return _visits(_read(bronze, feeds, stay.cells_of, stay.COLUMNS), feeds)


def identified_encounters_of(bronze: DataFrame, feeds: FeedReader, named: str) -> DataFrame:
    """The same, with what each message is known by, however it comes, as a column."""

    def _cells(message: Message, authorities: Authorities) -> Cells:
        return stay.cells_of(message, authorities) | {named: identity(message.text.encode()).hex()}

    return _visits(_read(bronze, feeds, _cells, (*stay.COLUMNS, named)), feeds, (named,))


def _visits(read: DataFrame, feeds: FeedReader, beside: Sequence[str] = ()) -> DataFrame:
    # what tells no begin is of a visit that another message begins
    is_part = F.col("encounter_id").isNotNull() & F.col("admission_date").isNull() & F.col("ended").isNull()
    absent = {name: F.lit(None).cast("string") for name in _EMPTY}
    texts = read.withColumns(absent | {AWAITS: is_part, SPEAKS: is_part})
    more = {
        "id_namespace": F.col("namespace"),
        "diagnosis_code": F.col("diagnosis_code"),
        "diagnosis_system": F.col("read_system"),
        "listed_codes": F.col("listed_codes"),
        "diagnosis_text": F.col("diagnosis_text"),
        "cleared": F.col("emptied"),
        "is_end": F.coalesce(F.col("ended") == "true", F.lit(False)),
        "version_number": F.col("version_number").try_cast("bigint"),
    }
    against = codes(F.col(UNREAD))
    return encounters.from_admissions(texts, feeds, SYSTEM, against, (AWAITS, SPEAKS, *beside), more)


def locations_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Where messages say that patients are from then on."""
    read = _read(bronze, feeds, stay.location_of, stay.LOCATION)
    texts = parsing.texts(read, ("department", "room", "bed", "entered"), ("id", "patient", "encounter"))
    texts = identifiers.upper(texts, ("id", "patient", "encounter"))
    found = {
        "id_namespace": F.col("namespace"),
        "source_system": F.lit(SYSTEM),
        "kind": F.col("kind"),
        "department": F.upper("department"),
        "room": F.col("room"),
        "bed": F.col("bed"),
        **_version(feeds),
    }
    begun = clinical.Begun("entered", "entered")
    return clinical.shaped(texts, feeds, ENCOUNTER_LOCATIONS, begun, found, (F.col(UNREAD),), ("kind",))


def links_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """What messages state of patients who are one person; one that names the same patient twice says nothing."""
    texts = _read(bronze, feeds, _links, _LINK_COLUMNS)
    return patient_links.stated_by(texts, SYSTEM, feeds)


def _links(message: Message, authorities: Authorities) -> Cells:
    """The first statement of a message, and the others as a list: it may hold several groups of PID and MRG."""
    event = (message.type or "").rpartition("^")[2]
    kind = {hl7.SEPARATING: merges.SEPARATING[0], hl7.RELATING: merges.APART[0]}.get(event, merges.MERGING[0])
    of_two = event in (hl7.SEPARATING, hl7.RELATING)
    named = list(_of_two(message) if of_two else _of_groups(message))
    said = [stated for pair in named if (stated := _statement(pair, authorities, kind))] or [{"kind": None}]
    more = [{name: as_delivered(cell) if name.endswith("_id") and cell else cell for name, cell in each.items()}
            for each in said[1:]]  # fmt: skip
    return said[0] | {patient_links.MORE: patient_links.listed(more)} | version_of(message)


def _of_two(message: Message) -> Iterator[Pair]:
    pids = message.segments("PID")
    other = pids[1] if len(pids) > 1 else message("MRG")
    yield patient_of(message("PID")), patient_of(other) if len(pids) > 1 else number_of(other.each(1))


def _of_groups(message: Message) -> Iterator[Pair]:
    """Each MRG with the PID that it stands behind."""
    pid = message("PID")
    for segment in message.every:
        pid = segment if segment.name == "PID" else pid
        if segment.name == "MRG":
            yield patient_of(pid), number_of(segment.each(1)) or number_of(segment.each(4))


def _statement(pair: Pair, authorities: Authorities, kind: str) -> Cells | None:
    """Who is one person with whom; None where both are the same."""
    named = [((authorities.whose(each), each(1)) if each else (authorities.default, None)) for each in pair]
    (of_survivor, survivor_id), (of_merged, merged_id) = named
    if named[0] == named[1]:
        return None
    ids = {"survivor_namespace": of_survivor, "survivor_id": survivor_id}
    return ids | {"merged_namespace": of_merged, "merged_id": merged_id, "kind": kind}


def _version(feeds: FeedReader) -> dict[str, Column]:
    claimed = feeds.timestamp("updated_at")
    return version_time(claimed, F.col("_ingested_at")) | {"version_number": F.col("version_number").try_cast("bigint")}


def moved(cells: Cells, moves: Moves) -> Cells:
    """The cells of a visit under the number and patient that it has now."""
    if not moves or "account" not in cells:
        return cells
    account = cells.pop("account")
    patient, visit = ("patient", "encounter") if "patient" in cells else ("patient_id", "encounter_id")
    (namespace, owner), number = moves.visit((cells["namespace"] or "", cells[patient] or ""), account, cells[visit])
    return cells | {"namespace": namespace, patient: owner or None, visit: number}


def _read(bronze: DataFrame, feeds: FeedReader, reader: Reader, columns: Sequence[str]) -> DataFrame:
    """Messages as text columns, each read once, and why nothing was read of one."""
    moves = feeds.moves if isinstance(feeds.moves, Moves) else Moves()
    authorities = Authorities(feeds.namespaces[SYSTEM], dict(feeds.authorities))
    columns = (*columns, UNREAD)

    def _each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = [moved(_said(reader, text, authorities), moves) for text in batch.column(0).to_pylist()]
            arrays = [pa.array([cells.get(name) for cells in found], pa.string()) for name in columns]
            yield pa.RecordBatch.from_arrays([*arrays, *batch.columns[1:]], names=[*columns, *PROVENANCE])

    named = ", ".join(f"`{name}` string" for name in columns)
    schema = f"{named}, _delivery_id string, _record_number bigint, _ingested_at timestamp"
    read = bronze.select("message", *PROVENANCE).mapInArrow(_each, schema)
    return read.withColumn("_feed", F.lit(None).cast("string"))


def _said(reader: Reader, text: str, authorities: Authorities) -> Cells:
    """What a reader gives; a message that it fails on says nothing, and that is told: it stands in Bronze, and would
    stop each run from now on."""
    try:
        return reader(Message(text), authorities)
    except Exception as error:
        _log.warning("a message could not be read (%s)", type(error).__name__)
        return {UNREAD: UNREAD_MESSAGE}
