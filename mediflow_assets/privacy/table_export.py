"""One masked table out of the house: only as the present policy makes it, and never half written."""

import datetime as dt
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import TABLES
from mediflow_assets.contracts.masked import COPIES
from mediflow_assets.contracts.policy import policy_version
from mediflow_assets.contracts.profiles import Format, Profile
from mediflow_assets.contracts.table import Audience, TableContract
from mediflow_assets.errors import ExportRefused
from mediflow_assets.pipeline import change
from mediflow_assets.pipeline.code import code_version
from mediflow_assets.privacy.date_shift import dates_of, limited_contract, with_shifted_dates
from mediflow_assets.privacy.export_files import (
    columns_told,
    digest_of,
    pseudonyms_of,
    unlinked,
    write,
    write_manifest,
)
from mediflow_assets.privacy.leak_scan import is_clean
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors

_MADE_BY = "mediflow_assets.pipeline.gold"
"""The module that makes masked tables: by its name, for it would load the engine."""
_STATUS = "gold/privacy_status"
"""Where the risk figures of masked tables stand, once they are computed."""


@dataclass(frozen=True)
class Exported:
    """An export and where it lies."""

    export_id: str
    table: str
    rows: int
    folder: Path


def export(
    lake: Lake,
    name: str,
    profile: Profile,
    format_: Format,
    reason: str,
    key: PseudonymKey,
    into: Path,
    clock: str | None = None,
) -> Exported:
    """Write the table and its manifest into a new folder below `into`; times of the limited profile are those of the
    time zone `clock`, and days without one.

    Raises ExportRefused if it is no masked table, was made by an older policy, or the last leak scan did not find this
    version clean, and KeyMismatch if it is under another key.
    """
    contract = _masked(name)
    table, version = _rows(lake, contract, key.key_id)
    shape = limited_contract(contract) if profile is Profile.LIMITED else contract
    export_id = secrets.token_hex(8)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = into / f".partial-{export_id}"
    partial.mkdir(mode=0o700)
    try:
        file = partial / f"{contract.key[1]}.{format_}"
        is_unlinked = profile is Profile.SAFE_HARBOR
        shown = unlinked(table, contract) if is_unlinked else _limited(lake, table, contract, key, clock)
        write(shown, file, format_)
        manifest = _manifest(lake, shape, profile, format_, reason, key.key_id) | {
            "export_id": export_id,
            "rows": shown.num_rows,
            "table_version": version,
            "suppressed_rows": _suppressed(shown),
            "file": file.name,
            "sha256": digest_of(file),
        }
        write_manifest(partial / "manifest.json", manifest)
        folder = partial.rename(into / export_id)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Exported(export_id, contract.name, shown.num_rows, folder)


def _masked(name: str) -> TableContract:
    contract = TABLES.get(name if "/" in name else f"masked/{name}")
    masked = sorted(table.name for table in TABLES.values() if table.key[0] == "masked")
    if contract is None or contract.name not in masked or contract.audience is not Audience.ANALYST:
        raise ExportRefused(f"Only masked tables leave the house: {', '.join(masked)}.")
    return contract


def _rows(lake: Lake, contract: TableContract, key_id: str) -> tuple[pa.Table, int]:
    made = lake.property_of(contract, change.INPUTS)
    if made is None:
        raise ExportRefused(f"{contract.name} has not been made yet, or its checks did not hold. Run 'mediflow run'.")
    if made.get("code") != code_version(_MADE_BY):
        raise ExportRefused(f"{contract.name} was made by an older policy. Run 'mediflow run' first.")
    change.require_key(lake, [contract], key_id)
    table = lake.open(contract)
    assert table is not None
    version = int(table.version())
    if not is_clean(lake, contract, version):
        raise ExportRefused(
            f"{contract.name}: the last leak scan found identifiers, or did not look through this version. Run "
            "'mediflow leak-scan', remove what it names, and export again once it finds none."
        )
    with storage_errors(f"{contract.name} export"):
        return lake.dataset(contract, table).to_table(columns=list(contract.column_names)), version


def _limited(lake: Lake, table: pa.Table, contract: TableContract, key: PseudonymKey, clock: str | None) -> pa.Table:
    """The rows with dates, moved by days of each patient's own, in place of the years."""
    dates = [column.name for column in dates_of(contract)]
    if not dates:
        return table
    source = COPIES[contract]
    columns = list(dict.fromkeys([*contract.primary_key, "patient_key", *dates]))
    return with_shifted_dates(table, contract, lake.read(source, columns), key, clock)


def _manifest(
    lake: Lake, contract: TableContract, profile: Profile, format_: Format, reason: str, key_id: str
) -> dict[str, Any]:
    is_linked = profile is Profile.LIMITED and bool(pseudonyms_of(contract))
    return {
        "table": contract.name,
        "description": contract.description,
        "profile": str(profile),
        "format": str(format_),
        "reason": reason,
        "made_at": dt.datetime.now(dt.UTC).isoformat(),
        "policy_version": policy_version(TABLES.values()),
        "code_version": code_version(_MADE_BY),
        "key_id": key_id,
        "keys": "pseudonyms under key_id" if is_linked else "random, of this export only",
        "columns": list(columns_told(contract)),
        "risk": _risk(lake, contract),
        "pseudonymised": "Keyed pseudonyms are no re-identification code under 45 CFR 164.514(c).",
    }


def _suppressed(table: pa.Table) -> int | None:
    if "is_suppressed" not in table.column_names:
        return None
    return int(pc.sum(table["is_suppressed"]).as_py() or 0)


def _risk(lake: Lake, contract: TableContract) -> list[dict[str, Any]]:
    """What the last risk report says of the table; empty where none was made."""
    status = TABLES.get(_STATUS)
    if status is None or "table" not in status.by_name:
        return []
    return [row for row in lake.read(status).to_pylist() if row["table"] == contract.name]
