"""Tables of known exports that hold nothing MediFlow reads. They are told of, and nothing is wrong with them."""

from mediflow_assets.sources.aliases import plain

_SYNTHEA = (
    # a name and an address alone may be of anybody
    ("organizations", "id name address city state zip lat lon", "phone revenue utilization"),
    ("organizations", "id name address city state zip utilization", "lat lon phone revenue"),
    ("providers", "id organization name gender address city state zip",
     "speciality lat lon utilization encounters procedures"),
    ("payers", "id name address city state_headquartered zip phone",
     "ownership amount_covered amount_uncovered revenue covered_encounters uncovered_encounters covered_medications "
     "uncovered_medications covered_procedures uncovered_procedures covered_immunizations uncovered_immunizations "
     "unique_customers qols_avg member_months"),
    ("payer_transitions", "patient payer ownership",
     "memberid start_year end_year start_date end_date secondary_payer ownername"),
    ("payer_transitions", "patient payer plan_ownership",
     "memberid start_year end_year start_date end_date secondary_payer owner_name"),
    ("careplans", "id start stop patient encounter code description", "reasoncode reasondescription"),
    ("devices", "start stop patient encounter code description udi", ""),
    ("supplies", "date patient encounter code description quantity", ""),
    ("imaging_studies", "id date patient encounter modality_code modality_description",
     "series_uid bodysite_code bodysite_description instance_uid sop_code sop_description procedure_code"),
)  # fmt: skip
"""Each with the columns that it has, and those that some releases have beside them:
https://github.com/synthetichealth/synthea/wiki/CSV-File-Data-Dictionary."""


def table_of(header: tuple[str, ...]) -> str | None:
    """Which of these tables has that header and no other column."""
    given = frozenset(map(plain, header))
    tables = ((name, _columns(each), _columns(others)) for name, each, others in _SYNTHEA)
    return next((name for name, each, others in tables if each <= given <= each | others), None)


def _columns(names: str) -> frozenset[str]:
    return frozenset(map(plain, names.split()))
