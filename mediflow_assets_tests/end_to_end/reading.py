"""What a hospital's files say, read by pandas from the words of their formats. Shares no code with the product.

Sources: Synthea's CSV data dictionary; HL7 FHIR R4 (patient.html, encounter.html, resource.html#Meta and
http.html#update); MediFlow's own promise for versions: the newest given value of each column, by the source's own time
of the version; of FHIR, whose versions replace each other, the newest whole.
"""

import datetime as dt
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

UTC = dt.UTC
NOT_GIVEN = {"", "null", "n/a", "#n/a", "none", "nan", "-", "?", "unknown"}
GENDERS = {"f": "F", "female": "F", "m": "M", "male": "M", "other": "O", "unknown": "U"}


@dataclass(frozen=True)
class Delivery:
    """One file: its name, its bytes, when it was received."""

    name: str
    content: str
    received: dt.datetime


def _csv(delivery: Delivery) -> pd.DataFrame:
    frame = pd.read_csv(io.StringIO(delivery.content), dtype=str, keep_default_na=False)
    frame = frame.apply(lambda column: column.map(lambda cell: None if cell.strip().lower() in NOT_GIVEN else cell))
    frame["_received"], frame["_record"] = delivery.received, range(1, len(frame) + 1)
    return frame


def _instant(text: str | None, zone: ZoneInfo) -> dt.datetime | None:
    """ISO 8601; what names no zone is local."""
    if text is None or pd.isna(text):
        return None
    read = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def _version(given: dt.datetime | None, received: dt.datetime) -> dt.datetime:
    return received if given is None or given > received else given


def newest_given(versions: pd.DataFrame, key: str) -> pd.DataFrame:
    """Per key the newest value of each column that is given at all."""
    # pandas' `last` passes over what is absent
    return _in_order(versions).groupby(key).last()


def newest_whole(versions: pd.DataFrame, key: str) -> pd.DataFrame:
    """Per key the newest version, as it is."""
    return _in_order(versions).groupby(key).tail(1).set_index(key)


def _in_order(versions: pd.DataFrame) -> pd.DataFrame:
    order = ["_version", "_received", "_record"]
    return versions.sort_values(order, kind="stable").drop(columns=order)


def flat(deliveries: Sequence[Delivery], zone: ZoneInfo) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and encounters of flat admissions whose columns bear MediFlow's own names."""
    rows = pd.concat([_csv(delivery) for delivery in deliveries], ignore_index=True)
    for name in ("name", "birth_date", "gender", "zip", "department", "discharge_date", "cost", "updated_at"):
        rows[name] = rows.get(name)
    rows["_version"] = [
        _version(_instant(text, zone), received)
        for text, received in zip(rows["updated_at"], rows["_received"], strict=True)
    ]
    rows["admitted_at"] = rows["admission_date"].map(lambda text: _instant(text, zone))
    rows["discharged_at"] = rows["discharge_date"].map(lambda text: _instant(text, zone))
    rows["gender"] = rows["gender"].map(lambda text: GENDERS[text.lower()] if isinstance(text, str) else None)
    order = ["_version", "_received", "_record"]
    people = newest_given(rows[["patient_id", "name", "birth_date", "gender", "zip", *order]], "patient_id")
    stays = newest_given(
        rows[["encounter_id", "patient_id", "department", "admitted_at", "discharged_at", "cost", *order]],
        "encounter_id",
    )
    return people, _with_days(stays, zone)


def synthea(patients: Sequence[Delivery], encounters: Sequence[Delivery]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and encounters of Synthea's CSV; its times are in UTC."""
    people = pd.concat([_csv(delivery) for delivery in patients], ignore_index=True)
    people["_version"] = people["_received"]
    people = people.rename(columns={"Id": "patient_id", "BIRTHDATE": "birth_date", "LAST": "family_name", "SSN": "ssn"})
    people["patient_id"] = people["patient_id"].str.upper()
    people["gender"] = people["GENDER"].map(lambda text: GENDERS[text.lower()])
    order = ["_version", "_received", "_record"]
    stays = pd.concat([_csv(delivery) for delivery in encounters], ignore_index=True)
    stays["_version"] = stays["_received"]
    stays["encounter_id"], stays["patient_id"] = stays["Id"].str.upper(), stays["PATIENT"].str.upper()
    zone = ZoneInfo("UTC")
    stays["admitted_at"] = stays["START"].map(lambda text: _instant(text, zone))
    stays["discharged_at"] = stays["STOP"].map(lambda text: _instant(text, zone))
    return (
        newest_given(people[["patient_id", "birth_date", "family_name", "gender", *order]], "patient_id"),
        newest_given(
            stays[["encounter_id", "patient_id", "admitted_at", "discharged_at", "TOTAL_CLAIM_COST", *order]],
            "encounter_id",
        ),
    )


def fhir(deliveries: Sequence[Delivery]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and encounters of FHIR NDJSON; `meta.lastUpdated` is the time of a version."""
    people: list[dict[str, Any]] = []
    stays: list[dict[str, Any]] = []
    for delivery in deliveries:
        for number, line in enumerate(delivery.content.splitlines(), start=1):
            resource = json.loads(line)
            given = _instant(resource.get("meta", {}).get("lastUpdated"), ZoneInfo("UTC"))
            order = {
                "_version": _version(given, delivery.received),
                "_received": delivery.received,
                "_record": number,
            }
            if resource["resourceType"] == "Patient":
                name, address = (resource.get(part, [{}])[0] for part in ("name", "address"))
                people.append(
                    {
                        "patient_id": resource["id"],
                        "family_name": name.get("family"),
                        "birth_date": resource.get("birthDate"),
                        "gender": GENDERS.get(resource.get("gender", "")),
                        "zip": address.get("postalCode"),
                        **order,
                    }
                )
            elif resource["resourceType"] == "Encounter":
                period = resource.get("period", {})
                stays.append(
                    {
                        "encounter_id": resource["id"],
                        "patient_id": resource["subject"]["reference"].removeprefix("Patient/"),
                        "status": "cancelled" if resource["status"] == "entered-in-error" else resource["status"],
                        "admitted_at": _instant(period.get("start"), ZoneInfo("UTC")),
                        "discharged_at": _instant(period.get("end"), ZoneInfo("UTC")),
                        **order,
                    }
                )
    return newest_whole(pd.DataFrame(people), "patient_id"), newest_whole(pd.DataFrame(stays), "encounter_id")


def _with_days(stays: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    for instant, day in (("admitted_at", "admitted_on"), ("discharged_at", "discharged_on")):
        stays[day] = [
            None if pd.isna(at) else at.to_pydatetime().astimezone(zone).date() for at in pd.to_datetime(stays[instant])
        ]
    stays["nights"] = [
        None if out is None else (out - came).days
        for came, out in zip(stays["admitted_on"], stays["discharged_on"], strict=True)
    ]
    return stays
