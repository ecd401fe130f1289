"""The tables by zone, from the contracts, and how they hang together, from the asset graph."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import dagster as dg

from documents.markdown import code, page, table
from mediflow_assets.contracts.table import TableContract

_SOURCE = "`mediflow_assets/contracts/` and the asset graph of `mediflow_assets/definitions.py`"
_HEAD = """The asset key, the folder and the path below the lake root are the same: `silver/encounters` is
`<lake>/silver/encounters`. Each column stands in the [data dictionary](data_dictionary.md)."""
ZONES = {
    "bronze": "Bronze: what arrived",
    "silver": "Silver: typed, valid, one row each",
    "gold": "Gold: marts and operational tables",
    "models": "Models",
    "masked": "Masked: de-identified",
    "omop": "OMOP: the Common Data Model, by choice",
}
MOST_ARROWS = 12
"""A table made of more tables than this looks at nearly all: arrows to it would hide the others."""
Graph = Mapping[str, frozenset[str]]
"""Asset → what it is made from."""


def graph_of(defs: dg.Definitions) -> Graph:
    """The assets of the definitions, by their names."""
    nodes = defs.resolve_asset_graph().asset_nodes
    return {_name(node.key): frozenset(map(_name, node.parent_keys)) for node in sorted(nodes, key=lambda n: n.key)}


def tables_page(contracts: Mapping[str, TableContract], graph: Graph) -> str:
    """The zones with their tables, and the graph."""
    zones = [
        f"## {title}\n\n{_zone(each for each in contracts.values() if each.key[0] == zone)}"
        for zone, title in ZONES.items()
        if zone != "models"
    ]
    count = f"There are {len(contracts)} tables and {len(graph) - len(contracts)} models."
    wide = [name for name, parents in graph.items() if len(parents) > MOST_ARROWS]
    lone = [name for name in graph if not graph[name] and not name.startswith("bronze/")]
    told = [
        f"Without arrows, because they look at nearly all tables: {_listed(wide)}." if wide else "",
        f"Without arrows, because steps or commands append to them: {_listed(lone)}." if lone else "",
    ]
    return page(_SOURCE, "Tables", _HEAD, count, *zones, "## Graph", _mermaid(graph), " ".join(filter(None, told)))


def _name(key: dg.AssetKey) -> str:
    return "/".join(key.path)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def _zone(contracts: Iterable[TableContract]) -> str:
    rows = [(code(each.key[1]), each.description, each.audience, len(each.columns)) for each in contracts]
    return table(("table", "holds", "audience", "columns"), rows)


def _mermaid(graph: Graph) -> str:
    lines = ["```mermaid", "flowchart LR"]
    for zone, title in ZONES.items():
        names = [name for name in graph if name.startswith(f"{zone}/")]
        lines += [f'  subgraph {zone} ["{title}"]']
        lines += [f"    {_node(name)}[{name.partition('/')[2]}]" for name in names]
        lines += ["  end"]
    below: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, parents in graph.items():
        if parents and len(parents) <= MOST_ARROWS:
            below[tuple(sorted(parents))].append(name)
    for above, names in below.items():
        lines.append(f"  {' & '.join(map(_node, above))} --> {' & '.join(map(_node, names))}")
    return "\n".join([*lines, "```"])


def _node(name: str) -> str:
    return name.replace("/", "_")
