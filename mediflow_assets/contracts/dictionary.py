"""The data dictionary, written from the contracts: of the documents, and of the dashboard."""

from mediflow_assets import contracts
from mediflow_assets.contracts.table import Column, RowCheck, TableContract

_HEAD = """# Data dictionary

Each table has an audience. Each column has a class (of 45 CFR 164.514(b)(2)(i) where a letter leads) and the verb
that says what becomes of it in the masked tables.
"""


def dictionary() -> str:
    """All tables as Markdown."""
    return "\n".join([_HEAD, *(_table(contract) for contract in contracts.TABLES.values())])


def _table(contract: TableContract) -> str:
    lines = [
        f"## {contract.name}",
        "",
        contract.description,
        "",
        f"Audience: {contract.audience}."
        + (f" One row per {', '.join(f'`{name}`' for name in contract.primary_key)}." if contract.primary_key else ""),
        "",
        "| column | type | unit | holds | class | masked |",
        "|---|---|---|---|---|---|",
        *(_column(column) for column in contract.columns),
    ]
    if contract.checks:
        lines += ["", "| rule | broken where | then |", "|---|---|---|"]
        lines += [f"| {check.code} | {_broken_where(check)} | {check.severity} |" for check in contract.checks]
    return "\n".join([*lines, ""])


def _broken_where(check: RowCheck) -> str:
    escaped = check.violation.replace("|", r"\|")
    return check.meaning or f"`{escaped}`"


def _column(column: Column) -> str:
    name = column.name if column.nullable else f"{column.name} *"
    return f"| {name} | {column.type} | {column.unit or ''} | {column.description} | {column.privacy} | {column.mask} |"
