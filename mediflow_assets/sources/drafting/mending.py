"""What in `sources.toml` mends a reason against records, and what only whoever exports the file can."""

import re

_OF_SOURCE = "the export itself has to mend it"
_COLUMN = f"[feeds.NAME.columns] COLUMN = the one that holds it, if this is another; else {_OF_SOURCE}"
_DATES = {
    "admitted_at": "admission_date",
    "discharged_at": "discharge_date",
    "onset": "onset_date",
    "death_date": "death_date",
    "birth_date": "birth_date",
    "updated_at": "updated_at",
}
_DATE = "|".join(_DATES)
_ADVICE = (
    (r"\w+_not_arrived", "it waits for the file that tells of its patient or stay, and comes in with that"),
    (r"\w+_of_another_patient", f"an earlier record gave this id to somebody else: {_OF_SOURCE}"),
    (
        r"\w+_in_future|age_out_of_range",
        f'[feeds.NAME] dates = "shifted" if the set hides its dates; else {_OF_SOURCE}',
    ),
    (
        "discharged_before_admission",
        f"[feeds.NAME] date_formats, if days and months were taken for each other; else {_OF_SOURCE}",
    ),
    (rf"({_DATE})_unreadable", '[feeds.NAME] date_formats = { COLUMN = ["their form"] }'),
    (
        rf"({_DATE})_implausible",
        f"[feeds.NAME] date_formats or two_digit_years, if it was read as another day; else {_OF_SOURCE}",
    ),
    (
        "(cost)_unreadable",
        '[feeds.NAME] decimal_comma = true, thousands = "," or currency = "$", as they write amounts',
    ),
    (
        "(gender|encounter_class|status|admission_type|discharge_disposition|diagnosis_system|diagnosis_rank)_unknown",
        '[feeds.NAME.values.COLUMN] "their word" = "ours"',
    ),
    (
        "diagnosis_system_not_told|diagnosis_not_in_icd(9|10)",
        f'[feeds.NAME.columns] diagnosis_system = {{ value = "icd9" }} or "icd10", as they code; else {_OF_SOURCE}',
    ),
    ("(diagnosis)_malformed", _COLUMN.replace("COLUMN", "COLUMN_code")),
    ("(department)_malformed", _COLUMN),
    (r"(patient_id|encounter_id)_(?!missing)\w+", _COLUMN),
    (
        r"(age|blood_pressure)_(unreadable|implausible|negative)",
        f"[feeds.NAME.columns] without COLUMN, if its values are something else; else {_OF_SOURCE}",
    ),
)
"""Which reasons, and what mends them; COLUMN is the one that the reason's first group names."""


def mending(reason: str, feed: str) -> str:
    """One line that says what to do about a reason."""
    for reasons, advice in _ADVICE:
        if found := re.fullmatch(reasons, reason):
            column = next(iter(found.groups()), "") or ""
            return advice.replace("COLUMN", _DATES.get(column, column)).replace("NAME", feed)
    return f"no value, or none that can be: {_OF_SOURCE}"
