"""What in `sources.toml` mends a reason against records, and what only whoever exports the file can."""

_DATES = {
    "admitted_at": "admission_date",
    "discharged_at": "discharge_date",
    "onset": "onset_date",
    "death_date": "death_date",
}
_WORDS = ("gender", "encounter_class", "status", "admission_type", "discharge_disposition")
_OF_SOURCE = "the export itself has to mend it"


def mending(reason: str, feed: str) -> str:
    """One line that says what to do about a reason."""
    if reason.endswith("_not_arrived"):
        return "it waits for the file that tells of its patient or stay, and comes in with that"
    if reason.endswith("_of_another_patient"):
        return f"an earlier record gave this id to somebody else: {_OF_SOURCE}"
    if reason.endswith("_in_future") or reason == "age_out_of_range":
        return f'[feeds.{feed}] dates = "shifted" if the set hides its dates; else {_OF_SOURCE}'
    if reason == "discharged_before_admission":
        return f"[feeds.{feed}] date_formats, if days and months were taken for each other; else {_OF_SOURCE}"
    if reason.endswith("_unreadable"):
        return _unreadable(reason.removesuffix("_unreadable"), feed)
    if (column := reason.removesuffix("_unknown")) in _WORDS:
        return f'[feeds.{feed}.values.{column}] "their word" = "ours"'
    for column in ("patient_id", "encounter_id"):
        if reason.startswith(column) and not reason.endswith("_missing"):
            return f"[feeds.{feed}.columns] {column} = the column of ids, if this is another; else {_OF_SOURCE}"
    return f"no value, or none that can be: {_OF_SOURCE}"


def _unreadable(what: str, feed: str) -> str:
    if what in _DATES or what in ("birth_date", "updated_at"):
        return f'[feeds.{feed}] date_formats = {{ {_DATES.get(what, what)} = ["their form"] }}'
    if what == "cost":
        return f'[feeds.{feed}] decimal_comma = true, thousands = "," or currency = "$", as they write amounts'
    return f"[feeds.{feed}.columns] without {what}, if its values are something else; else {_OF_SOURCE}"
