"""A draft of a feed for a sample of a file."""

import datetime as dt
from collections.abc import Mapping

from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.sources.drafting import by_values
from mediflow_assets.sources.drafting.choosing import Choice, Table, choose, in_order
from mediflow_assets.sources.drafting.clocks import times_of_day
from mediflow_assets.sources.drafting.code_tables import Keyed
from mediflow_assets.sources.drafting.composites import codes, gender_by_values, names, patient, stay
from mediflow_assets.sources.drafting.draft import Column, Draft
from mediflow_assets.sources.drafting.episodes import numbering, whole_stay
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.drafting.profile import Profile
from mediflow_assets.sources.drafting.published import published
from mediflow_assets.sources.drafting.units import stays_in_units
from mediflow_assets.sources.drafting.writing import say_shifted, write_amounts, write_dates, write_words
from mediflow_assets.sources.grains import DIAGNOSIS_GRAIN, ENCOUNTER_GRAIN, FORMS, PATIENT_GRAIN

GRAIN = "grain"
"""What the other files may tell beside columns."""
_OF_STAYS = {"encounter_class", "admission_type", "discharge_disposition", "department", "cost", "age"}
"""What a record of a patient alone, or of a diagnosis alone, does not tell."""


def draft_of(
    table: Table,
    today: dt.date,
    told: Mapping[str, str] | None = None,
    keyed: Mapping[str, Keyed] | None = None,
) -> Draft:
    """What is proposed for a sample of a file; `told` are columns that other files of the export tell, `keyed` those
    whose keys stand in other files with what they mean."""
    keyed = keyed or {}
    told = {**(told or {}), **{ours: each.header for ours, each in keyed.items()}}
    grain = told.pop(GRAIN, None)
    chosen = choose(table, told)
    grain = grain or _grain(table, chosen)
    columns = {
        ours: Column((chosen[ours].header,), chosen[ours].why) for ours in FORMS[grain].columns if ours in chosen
    }
    draft = Draft(grain, columns, values={ours: dict(each.meanings) for ours, each in keyed.items() if ours in columns})
    _let_go_of_disorder(table, draft)
    for step in (
        stays_in_units,
        by_values.stays,
        gender_by_values,
        names,
        times_of_day,
        codes,
        numbering,
        stay,
        patient,
        whole_stay,
        published,
        _lack,
    ):
        step(table, draft)
    order = FORMS[grain].columns
    draft.columns = dict(sorted(draft.columns.items(), key=lambda each: order.index(each[0])))
    for say in (write_dates, write_amounts, write_words, say_shifted):
        say(table, draft, today)
    return draft


def _grain(table: Table, chosen: dict[str, Choice]) -> str:
    def profile(ours: str) -> Profile:
        return table.profiles[chosen[ours].header]

    if "admission_date" not in chosen:
        is_of_stays = bool(_OF_STAYS & {*chosen})
        if (
            "diagnosis_code" in chosen
            and {"encounter_id", "patient_id"} & {*chosen}
            and not is_of_stays | _is_of_people(chosen)
        ):
            return DIAGNOSIS_GRAIN
        if _is_of_people(chosen) and not is_of_stays and "encounter_id" not in chosen:
            return PATIENT_GRAIN
    elif (
        "diagnosis_code" in chosen
        and "encounter_id" in chosen
        and "cost" not in chosen
        and _is_of_diagnoses(table, chosen)
    ):
        return DIAGNOSIS_GRAIN
    elif _is_of_the_dead(chosen):
        return PATIENT_GRAIN
    elif "encounter_id" in chosen and "cost" in chosen and profile("encounter_id").distinct < 0.7:
        ids, dates = profile("encounter_id").cells, profile("admission_date").cells
        pairs = {(i, d) for i, d in zip(ids, dates, strict=True) if i}
        if len(pairs) <= 1.1 * len({i for i, _ in pairs}):
            return LINE_GRAIN
    return ENCOUNTER_GRAIN


def _is_of_diagnoses(table: Table, chosen: dict[str, Choice]) -> bool:
    """Whether stays stand again and again, each time with another code."""
    ids, codes = (table.profiles[chosen[ours].header].cells for ours in ("encounter_id", "diagnosis_code"))
    pairs = [(i, code) for i, code in zip(ids, codes, strict=True) if i]
    if {"discharge_disposition", "birth_date", "gender"} & {*chosen}:
        return False
    stays = len({i for i, _ in pairs})
    return stays < 0.8 * len(pairs) and len(set(pairs)) > 0.95 * len(pairs)


def _is_of_the_dead(chosen: dict[str, Choice]) -> bool:
    """Whether it tells when people died, and of a stay only a date that may be when the death was registered."""
    of_stays = {"encounter_id", "discharge_date", "diagnosis_code", *_OF_STAYS} & {*chosen}
    meant = concepts(chosen["admission_date"].header)[0]
    is_of_stay = "admission" in meant and "arrival" not in meant
    return {"patient_id", "death_date"} <= {*chosen} and not of_stays and not is_of_stay


def _is_of_people(chosen: dict[str, Choice]) -> bool:
    return "patient_id" in chosen and bool({"birth_date", "gender"} & {*chosen})


def _let_go_of_disorder(table: Table, draft: Draft) -> None:
    """A column that lies before the admission is no discharge, and one after it no birth."""
    if (admitted := draft.columns.get("admission_date")) is None:
        return
    start = table.profiles[admitted.headers[0]]
    for ours in ("discharge_date", "birth_date"):
        if column := draft.columns.get(ours):
            other = table.profiles[column.headers[0]]
            first, second = (start, other) if ours == "discharge_date" else (other, start)
            is_told = bool(other.dates) and not other.dates[0].alike and not _of_any_century(ours, other)
            if is_told and in_order(first, second) < 0.5:
                del draft.columns[ours]


def _of_any_century(ours: str, profile: Profile) -> bool:
    """Whether births of `34` are read as of the last such year that has passed."""
    return ours == "birth_date" and any(form.has_short_year for form in profile.dates)


def _lack(_: Table, draft: Draft) -> None:
    form = FORMS[draft.grain]
    draft.lacks = tuple(ours for ours in form.required if ours not in draft.columns)
