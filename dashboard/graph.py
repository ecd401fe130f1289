"""The asset graph as a picture: one column for each zone, a point for each table, a line for each dependency."""

from typing import Any

import plotly.graph_objects as go

from dashboard.charts import COLOURS

_ZONES = ("bronze", "silver", "gold", "masked", "omop")
_SYMBOLS = dict(zip(_ZONES, ("square", "circle", "diamond", "star", "hexagon"), strict=True))


def picture(tables: list[str], edges: list[tuple[str, str]]) -> Any:
    """Points can be clicked on; lines show what a table is made of when they are pointed at."""
    at: dict[str, tuple[float, float]] = {}
    for x, zone in enumerate(_ZONES):
        mine = [name for name in tables if name.startswith(f"{zone}/")]
        for y, name in enumerate(mine):
            at[name] = (x, -(y + 0.5) / len(mine))
    figure = go.Figure()
    figure.add_scatter(
        x=_path(edges, at, 0),
        y=_path(edges, at, 1),
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        line={"width": 1, "color": "rgba(128,128,128,0.45)"},
    )
    for zone, colour in zip(_ZONES, COLOURS, strict=False):
        mine = [name for name in at if name.startswith(f"{zone}/")]
        said = [_said(name, edges) for name in mine]
        figure.add_scatter(
            x=[at[name][0] for name in mine],
            y=[at[name][1] for name in mine],
            mode="markers+text",
            name=zone,
            text=[name.split("/")[1] for name in mine],
            textposition="middle right",
            customdata=mine,
            hovertext=said,
            hoverinfo="text",
            marker={"size": 12, "symbol": _SYMBOLS[zone], "color": colour},
        )
    hidden = {"visible": False, "fixedrange": False}
    return figure.update_layout(height=640, xaxis=hidden | {"range": [-0.15, 3.9]}, yaxis=hidden, hovermode="closest")


def _path(edges: list[tuple[str, str]], at: dict[str, tuple[float, float]], axis: int) -> list[float | None]:
    """The lines as one: a gap after each."""
    return [each for start, end in edges for each in (at[start][axis], at[end][axis], None)]


def _said(name: str, edges: list[tuple[str, str]]) -> str:
    made_of = [start for start, end in edges if end == name] or ["what is delivered"]
    return f"{name}<br>made of {'<br>'.join(made_of)}"


def picked(state: Any) -> str | None:
    """The table that was clicked on."""
    points = (state or {}).get("selection", {}).get("points", [])
    return points[0].get("customdata") if points else None
