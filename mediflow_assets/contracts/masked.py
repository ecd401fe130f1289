"""Masked: what analysts see. Each contract is derived from its source's mask verbs; nothing is decided here."""

from dataclasses import replace

from mediflow_assets.contracts import clinical, events, gold, models, silver
from mediflow_assets.contracts.masks import Verb, keep
from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.table import (
    Audience,
    Column,
    Privacy,
    RowCheck,
    SmallCells,
    TableContract,
    Type,
)
from mediflow_assets.contracts.vitals import VITALS_LATEST

SUPPRESSED = Column(
    "is_suppressed",
    Type.BOOLEAN,
    "whether it is blanked: 1 to 10 people, or what would tell them",
    Privacy.TECHNICAL,
    keep(),
    nullable=False,
)
TOP_AGE_YEARS = 90
"""From here on ages are one."""


def masked_name(column: Column) -> str:
    """The name a column has once it is masked: `x_id` → `x_key`, `x_at` / `x_date` → `x_year`, `age…` → `age_band`."""
    match column.mask.verb:
        case Verb.PSEUDONYM:
            return column.name.removesuffix("_id") + "_key"
        case Verb.YEAR:
            return column.name.removesuffix("_at").removesuffix("_date") + "_year"
        case Verb.AGE_BAND:
            return "age_band"
        case Verb.ZIP3:
            return "zip3"
        case _:
            return column.name


def _masked_column(source: TableContract, column: Column, blanked: tuple[str, ...]) -> Column:
    name = masked_name(column)
    type_ = {Verb.KEEP: column.type, Verb.YEAR: Type.INTEGER}.get(column.mask.verb, Type.STRING)
    nullable = column.nullable or column.mask.verb in (Verb.YEAR, Verb.AGE_BAND) or name in blanked
    privacy = {Verb.PSEUDONYM: Privacy.PSEUDONYM, Verb.KEEP: column.privacy}.get(column.mask.verb, Privacy.QUASI)
    return Column(
        name,
        type_,
        column.description,
        privacy,
        keep(),
        unit=column.unit if type_ is column.type else None,
        nullable=nullable,
        derived_from=(f"{source.name}.{column.name}",),
    )


def masked(source: TableContract) -> TableContract:
    """The masked contract of a Silver or Gold table. Raises ValueError where two columns would share a name."""
    cells = source.small_cells
    if not cells and not source.names_people and any(c.mask.verb is Verb.YEAR for c in source.columns):
        raise ValueError(f"{source.name}: years of people need a patient_key: those of 90 and over show none")
    blanked = (cells.people, *cells.measures) if cells else ()
    columns = tuple(
        _masked_column(source, column, blanked) for column in source.columns if column.mask.verb is not Verb.DROP
    )
    old_to_new = {column.name: masked_name(column) for column in source.columns}
    checks: tuple[RowCheck, ...] = (RowCheck("small_cell_shown", f"{cells.people} < {K}"),) if cells else ()
    checks += tuple(
        RowCheck("age_over_89_shown", f"{column.name} >= {TOP_AGE_YEARS}")
        for column in columns
        if column.unit == "years"
    )
    return TableContract(
        ("masked", source.key[1]),
        f"De-identified: {source.description}",
        Audience.ANALYST,
        (*columns, SUPPRESSED) if cells else columns,
        tuple(old_to_new[name] for name in source.primary_key if source.by_name[name].mask.verb is not Verb.DROP),
        checks,
        cells,
    )


PATIENTS = masked(silver.PATIENTS)
ENCOUNTERS = masked(silver.ENCOUNTERS)
READMISSIONS = masked(gold.READMISSIONS)
COST_ANOMALIES = masked(gold.COST_ANOMALIES)
RISK_SCORES = masked(models.RISK_SCORES)
STREAM_ALERTS = masked(events.STREAM_ALERTS)
DEPARTMENT_COSTS = masked(gold.DEPARTMENT_COSTS)
MONTHLY_ACTIVITY = masked(gold.MONTHLY_ACTIVITY)

_MONTH = replace(gold.MONTHLY_ACTIVITY.by_name["month"], derived_from=("gold/daily_census.date",))
MONTHLY_CENSUS = TableContract(
    ("masked", "monthly_census"),
    "People in the hospital by month and department, small cells suppressed.",
    Audience.ANALYST,
    (
        _MONTH, gold.DEPARTMENT,
        replace(gold.PATIENTS_COUNT, nullable=True,
                derived_from=tuple(f"silver/encounters.{c}" for c in ("patient_key", "admitted_at", "discharged_at"))),
        Column("admissions", Type.LONG, "inpatient encounters begun", Privacy.CLINICAL, keep(),
               derived_from=("gold/daily_census.admissions",)),
        Column("discharges", Type.LONG, "inpatient encounters ended", Privacy.CLINICAL, keep(),
               derived_from=("gold/daily_census.discharges",)),
        Column("average_census", Type.RATIO, "mean of the days' census", Privacy.CLINICAL, keep(),
               derived_from=("gold/daily_census.census",)),
        SUPPRESSED,
    ),
    ("month", "department"),
    (RowCheck("small_cell_shown", f"patients < {K}"),),
    SmallCells("patients", ("admissions", "discharges", "average_census"), counts=("admissions", "discharges"),
               margins=(("department",), ())),
)  # fmt: skip

_ACTIVITY = gold.MONTHLY_ACTIVITY
ACTIVITY_TOTALS = TableContract(
    ("masked", "activity_totals"),
    "Encounters and cost of the hospital and of each department, in all, by year and by month, each total by itself.",
    Audience.ANALYST,
    (
        Column(
            "period",
            Type.STRING,
            "all, a year or a month of admission: all, 2024, 2024-05",
            Privacy.PERIOD,
            keep(),
            nullable=False,
            derived_from=(f"{_ACTIVITY.name}.month",),
        ),
        Column(
            "department",
            Type.STRING,
            "department, * for the hospital",
            Privacy.CLINICAL,
            keep(),
            nullable=False,
            derived_from=(f"{_ACTIVITY.name}.department",),
        ),
        replace(gold.ENCOUNTERS_COUNT, nullable=True, derived_from=(f"{_ACTIVITY.name}.encounters",)),
        replace(_ACTIVITY.by_name["cost_usd"], derived_from=(f"{_ACTIVITY.name}.cost_usd",)),
        replace(SUPPRESSED, description="whether it is withheld: it would tell of 1 to 10 people"),
    ),
    ("period", "department"),
    (RowCheck("small_total_shown", f"encounters < {K}"),),
)

COST_PEERS = TableContract(
    ("masked", "cost_peers"),
    "What peers cost: quartiles of cost by department and diagnosis, small cells suppressed.",
    Audience.ANALYST,
    (
        gold.DEPARTMENT,
        gold.DIAGNOSIS,
        replace(gold.ENCOUNTERS_COUNT, nullable=True),
        replace(gold.PATIENTS_COUNT, nullable=True),
        *(
            Column(
                f"{name}_cost_usd",
                Type.MONEY,
                f"{name.replace('_', ' ')} of billed amounts",
                Privacy.CLINICAL,
                keep(),
                unit="USD",
                derived_from=("silver/encounters.cost_usd",),
            )
            for name in ("lower_quartile", "median", "upper_quartile")
        ),
        SUPPRESSED,
    ),
    ("department", "diagnosis_code"),
    (RowCheck("small_cell_shown", f"patients < {K}"),),
    SmallCells(
        "patients",
        ("encounters", "lower_quartile_cost_usd", "median_cost_usd", "upper_quartile_cost_usd"),
        margins=(("department",), ()),
    ),
)

COPIES = {
    PATIENTS: silver.PATIENTS,
    ENCOUNTERS: silver.ENCOUNTERS,
    READMISSIONS: gold.READMISSIONS,
    COST_ANOMALIES: gold.COST_ANOMALIES,
    RISK_SCORES: models.RISK_SCORES,
    STREAM_ALERTS: events.STREAM_ALERTS,
    **{masked(table): table for table in (*clinical.TABLES, VITALS_LATEST)},
    DEPARTMENT_COSTS: gold.DEPARTMENT_COSTS,
    MONTHLY_ACTIVITY: gold.MONTHLY_ACTIVITY,
}
"""Masked table → the table it is a masked copy of."""
TABLES = (*COPIES, MONTHLY_CENSUS, ACTIVITY_TOTALS, COST_PEERS)
