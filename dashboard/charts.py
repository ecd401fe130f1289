"""A chart with its definition, its table and its download: the three always come together."""

from typing import Any

# whole before plotly looks at it: another session's thread half way through this import broke the first chart
import pandas  # noqa: F401
import plotly.express as px
import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboard import session
from dashboard.cells import HIDDEN
from dashboard.downloads import csv_bytes

# Okabe and Ito's colours, told apart by the colour-blind; dashes and symbols say the same once more.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#7F7F7F"]


def lines(frame: pl.DataFrame, x: str, y: str, series: str, **labels: str) -> Any:
    """One line for each series, with gaps where a figure is not shown."""
    return px.line(frame, x=x, y=y, color=series, line_dash=series, symbol=series, labels=labels,
                   color_discrete_sequence=COLOURS)  # fmt: skip


def bars(frame: pl.DataFrame, x: str, y: str, series: str | None = None, **labels: str) -> Any:
    """Bars, one colour and pattern for each series."""
    return px.bar(frame, x=x, y=y, color=series, pattern_shape=series, labels=labels, barmode="group",
                  color_discrete_sequence=COLOURS)  # fmt: skip


def ranges(frame: pl.DataFrame, x: str, y: str, lower: str, upper: str, **labels: str) -> Any:
    """Points with the ends of their range."""
    ends = frame.with_columns(_up=pl.col(upper) - pl.col(y), _down=pl.col(y) - pl.col(lower))
    return px.scatter(ends, x=x, y=y, error_y="_up", error_y_minus="_down", labels=labels,
                      color_discrete_sequence=COLOURS)  # fmt: skip


def against(frame: pl.DataFrame, x: str, y: str) -> Any:
    """Points against the diagonal on which both are equal."""
    figure = px.scatter(frame, x=x, y=y, color_discrete_sequence=COLOURS)
    most = max([0.0, *frame[x].drop_nulls().to_list(), *frame[y].drop_nulls().to_list()])
    return figure.add_shape(type="line", x0=0, y0=0, x1=most, y1=most, line={"dash": "dot"})


def flow(steps: list[tuple[str, str, int]], height: int = 450) -> Any:
    """A flow from left to right, as wide as it is large."""
    names = list(dict.fromkeys(name for start, end, _ in steps for name in (start, end)))
    link = {
        "source": [names.index(start) for start, _, _ in steps],
        "target": [names.index(end) for _, end, _ in steps],
        "value": [size for *_, size in steps],
    }
    figure = go.Figure(go.Sankey(node={"label": names, "pad": 12, "color": COLOURS[0]}, link=link))
    return figure.update_layout(height=height)


def show(title: str, definition: str, frame: pl.DataFrame, figure: Any = None, shown_rows: int = 10_000) -> None:
    """The chart under its title, then its table and a CSV of exactly what the table shows."""
    st.subheader(title, help=definition)
    if frame.is_empty():
        st.info("Nothing is to be shown for this choice. Choose a wider period, or all departments and classes.")
        return
    if figure is not None:
        figure.update_layout(margin={"l": 10, "r": 10, "t": 10, "b": 10}, legend={"orientation": "h", "y": -0.25})
        st.plotly_chart(figure, width="stretch", key=f"chart {title}")
    with st.expander(f"Table and download: {title}", expanded=figure is None):
        st.caption(definition.replace("`", ""))
        st.dataframe(frame.head(shown_rows), hide_index=True, width="stretch")
        offer("Download CSV", csv_bytes(frame), "_".join(title.lower().split()) + ".csv", "text/csv")


def offer(label: str, content: bytes, name: str, kind: str) -> None:
    """A download; that it was taken goes to the audit log."""
    st.download_button(label, content, name, kind, key=f"download {name}", on_click=session.told,
                       args=("file_downloaded", name))  # fmt: skip


def number(value: float | None, unit: str = "", places: int = 0) -> str:
    """A figure as people read it; what is kept back says so."""
    return HIDDEN if value is None else f"{unit}{value:,.{places}f}"


def change(now: float | None, before: float | None) -> str | None:
    """The change in per cent, None where one of the two is not known."""
    return f"{(now - before) / before:+.1%}" if now is not None and before else None
