"""Versions of encounters as columns of numbers, and as lines of a CSV file in the flat `admissions` form."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.synthetic.clock import Clock
from mediflow_assets.synthetic.hospital import DAY, STATUSES, Flags, Hospital, Ints
from mediflow_assets.synthetic.population import Population, birth_dates, names_in_csv

NOTHING = -1  # an empty field
HEADER = (
    "patient_id",
    "encounter_id",
    "encounter_class",
    "status",
    "name",
    "birth_date",
    "age",
    "gender",
    "department",
    "diagnosis_code",
    "admission_date",
    "discharge_date",
    "discharge_disposition",
    "admission_type",
    "blood_pressure",
    "cost",
    "payer",
    "zip",
    "updated_at",
)


@dataclass(frozen=True)
class Records:
    """Versions of encounters, one entry of each array per version: names by index, times in minutes."""

    number: Ints
    patient: Ints
    encounter_class: Ints
    status: Ints
    age: Ints
    department: Ints
    diagnosis: Ints
    admitted: Ints
    discharged: Ints
    disposition: Ints
    admission_type: Ints
    systolic: Ints
    diastolic: Ints
    cents: Ints
    updated: Ints

    def __len__(self) -> int:
        return len(self.number)

    def take(self, chosen: Ints | Flags) -> "Records":
        """The records of these indexes, or where these flags are set."""
        return Records(*(getattr(self, field.name)[chosen] for field in fields(self)))


def joined(parts: list[Records]) -> Records:
    """All records of several parts, in their order."""
    return Records(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Records)))


class Wording:
    """Puts records into words: every value is looked up in a small table, never formatted a million times."""

    def __init__(
        self,
        hospital: Hospital,
        population: Population,
        patient_number: Ints,
        second: Ints | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Words for one hospital and its patients; `second` are encounters, by number, that came under a second id.

        Times are those of the hospital's `clock`, without an offset; without one they are in UTC and say so.
        """
        self._hospital, self._population, self._clock = hospital, population, clock
        self._patient_ids = numbered("PAT_", patient_number, 7)
        self._second_ids, self._second = numbered("DUP_", patient_number, 7), second
        self._names = names_in_csv(hospital, population)
        self._births = birth_dates(population)
        self._zips = numbered("", population.zip, 5)
        self._numbers = pa.array([str(number) for number in range(1000)])
        offset = "" if clock else "Z"
        self._minutes = pa.array([f"T{minute // 60:02}:{minute % 60:02}:00{offset}" for minute in range(DAY)])
        self._first_day = hospital.first_minute // DAY
        days = np.arange(self._first_day, hospital.last_minute // DAY + 1).astype("datetime64[D]")
        self._days = pa.array(np.datetime_as_string(days).tolist())

    def lines(self, records: Records) -> pa.Array:
        """The records as lines of bytes, each with its line feed."""
        joined_fields = pc.binary_join_element_wise(
            *self.fields(records), ",", null_handling="replace", null_replacement=""
        )
        return pc.binary_join_element_wise(joined_fields, "", "\n").cast(pa.binary())

    def fields(self, records: Records) -> list[pa.Array]:
        """The fields of `HEADER`, each as it stands in the file, null where it is empty."""
        hospital, population = self._hospital, self._population
        return [
            self.patient_ids(records),
            self.encounter_ids(records),
            _look_up(hospital.classes, records.encounter_class),
            _look_up(STATUSES, records.status),
            _look_up(self._names, records.patient),
            _look_up(self._births, records.patient),
            _look_up(self._numbers, records.age),
            _look_up(population.genders, population.gender[records.patient]),
            _look_up(hospital.departments, records.department),
            _look_up(hospital.codes, records.diagnosis),
            self._times(records.admitted),
            self._times(records.discharged),
            _look_up(hospital.dispositions, records.disposition),
            _look_up(hospital.admission_types, records.admission_type),
            pc.binary_join_element_wise(
                _look_up(self._numbers, records.systolic), _look_up(self._numbers, records.diastolic), "/"
            ),
            money(records.cents).cast(pa.string()),
            _look_up(population.payers, population.payer[records.patient]),
            _look_up(self._zips, records.patient),
            self._times(records.updated),
        ]

    def patient_ids(self, records: Records) -> pa.Array:
        """The ids under which the records' patients came."""
        if self._second is None:
            return self.people(records)
        is_second = pa.array(np.isin(records.number, self._second))
        return pc.if_else(is_second, _look_up(self._second_ids, records.patient), self.people(records))

    def people(self, records: Records) -> pa.Array:
        """The ids of the records' patients, in whichever way they came."""
        return _look_up(self._patient_ids, records.patient)

    def encounter_ids(self, records: Records) -> pa.Array:
        """The ids of the records' encounters."""
        return numbered("ENC_", records.number, 8)

    def instants(self, minutes: Ints) -> Ints:
        """The minutes of UTC that these times of the hospital are."""
        return self._clock.instants(minutes) if self._clock else minutes

    def _times(self, minutes: Ints) -> pa.Array:
        minutes = self._clock.shown(minutes) if self._clock else minutes
        day, minute = np.where(minutes == NOTHING, NOTHING, minutes // DAY - self._first_day), minutes % DAY
        return pc.binary_join_element_wise(_look_up(self._days, day), _look_up(self._minutes, minute), "")


def numbered(prefix: str, numbers: Ints, digits: int) -> pa.Array:
    """Ids: a prefix and a number with leading zeros."""
    text = pc.ascii_lpad(pa.array(numbers).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(prefix, text, "")


def money(cents: Ints) -> pa.Array:
    """USD as decimal(12,2), from whole cents: built from the numbers' own bytes, hence exact."""
    wide = np.column_stack((cents, np.where(cents < 0, -1, 0))).astype("<i8")
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(wide.tobytes())])


def _look_up(words: pa.Array | tuple[str, ...], index: Ints) -> pa.Array:
    table = pa.array(words) if isinstance(words, tuple) else words
    return table.take(pa.array(index, mask=index == NOTHING))
