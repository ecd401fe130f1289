"""A chart with its definition, its table and its download: the three always come together."""

import time
from collections.abc import Callable, Iterable
from typing import Any

# whole before plotly looks at it: another session's thread half way through this import broke the first chart
import pandas  # noqa: F401
import plotly.express as px
import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboard import session
from dashboard.cells import HIDDEN
from dashboard.downloads import csv_bytes, harmless

# Okabe and Ito's colours, told apart by the colour-blind; dashes and symbols say the same once more.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#7F7F7F"]
FIGURES_FIRST_SECONDS = 0.25
_DRAWN = "charts_drawn"
_SHARES = ("rate", "lower", "upper", "score", "share")
_UNITS = {"usd": "USD", "p50": "p50", "p99": "p99", "ms": "ms"}


def after_the_figures() -> None:
    """Once a session, give the browser a moment for the figures before it gets charts: it shows nothing while it reads
    the library of charts and draws the first ones, for a second or two."""
    if not st.session_state.get(_DRAWN):
        st.session_state[_DRAWN] = True
        time.sleep(FIGURES_FIRST_SECONDS)


def lines(frame: pl.DataFrame, x: str, y: str, series: str, **labels: str) -> Any:
    """One line for each series, with gaps where a figure is not shown."""
    return px.line(
        frame, x=x, y=y, color=series, line_dash=series, symbol=series, labels=labels, color_discrete_sequence=COLOURS
    )


def bars(
    frame: pl.DataFrame, x: str, y: str, series: str | None = None, *, is_flat: bool = False, **labels: str
) -> Any:
    """Bars, one colour and pattern for each series, in the order of the rows; flat ones where names are long."""
    order = {x: frame[x].unique(maintain_order=True).to_list()} if frame.schema[x] == pl.String else {}
    sides = {"x": y, "y": x, "orientation": "h"} if is_flat else {"x": x, "y": y}
    figure = px.bar(
        frame,
        **sides,
        color=series,
        pattern_shape=series,
        labels=labels,
        category_orders=order,
        barmode="stack" if is_flat else "group",
        color_discrete_sequence=COLOURS,
    )
    names = figure.update_yaxes if is_flat else figure.update_xaxes
    # days and codes would else be taken for times and numbers
    names(type="category" if order else None)
    return figure.update_layout(height=140 + 22 * len(order.get(x, [])) if is_flat else None)


def ranges(frame: pl.DataFrame, x: str, y: str, lower: str, upper: str, *, is_log: bool = False, **labels: str) -> Any:
    """Points with the ends of their range, in the order of the rows; amounts that differ by factors on a log scale."""
    ends = frame.with_columns(_up=pl.col(upper) - pl.col(y), _down=pl.col(y) - pl.col(lower))
    return px.scatter(
        ends,
        x=x,
        y=y,
        error_y="_up",
        error_y_minus="_down",
        labels=labels,
        log_y=is_log,
        category_orders={x: frame[x].to_list()},
        color_discrete_sequence=COLOURS,
    )


def against(frame: pl.DataFrame, x: str, y: str, series: str) -> Any:
    """Points of each series against the diagonal, on which both are equal."""
    figure = px.line(
        frame, x=x, y=y, color=series, symbol=series, line_dash=series, markers=True, color_discrete_sequence=COLOURS
    )
    most = max([0.0, *frame[x].drop_nulls().to_list(), *frame[y].drop_nulls().to_list()])
    return figure.add_shape(type="line", x0=0, y0=0, x1=most, y1=most, line={"dash": "dot", "color": COLOURS[-1]})


def flow(steps: pl.DataFrame, height: int = 420, *, has_sizes: bool = True) -> Any:
    """A flow from left to right, as wide as it is large; rows are from, to, how many. Parts can be dragged."""
    rows = steps.rows()
    names = list(dict.fromkeys(name for start, end, _ in rows for name in (start, end)))
    size = {
        name: max(sum(n for a, _, n in rows if a == name), sum(n for _, b, n in rows if b == name)) for name in names
    }
    link = {
        "source": [names.index(start) for start, _, _ in rows],
        "target": [names.index(end) for _, end, _ in rows],
        "value": [each for *_, each in rows],
        "color": "rgba(128,128,128,0.35)",
    }
    labels = [f"{name}  {size[name]:,}" if has_sizes else name for name in names]
    figure = go.Figure(go.Sankey(node={"label": labels, "pad": 18, "thickness": 14, "color": COLOURS[0]}, link=link))
    return figure.update_layout(height=height)


def show(title: str, definition: str, frame: pl.DataFrame, figure: Any = None, picked: str | None = None) -> None:
    """The chart under its title, then its table and a CSV of exactly what the table shows.

    Where `picked` is given, clicks on the chart are kept in the session under that name.
    """
    st.subheader(title, help=definition)
    if frame.is_empty():
        st.info("Nothing is to be shown for this choice. Choose a wider period, or all departments and classes.")
        return
    if figure is not None:
        figure.update_layout(
            margin={"l": 10, "r": 10, "t": 10, "b": 10},
            legend={"orientation": "h", "yanchor": "top", "y": -0.2, "title": None},
        )
        st.plotly_chart(
            figure,
            width="stretch",
            key=picked or f"chart {title}",
            config={"displaylogo": False},
            on_select="rerun" if picked else "ignore",
            selection_mode="points",
            alt=f"{title}. {plain(definition)} The table below holds every figure.",
        )
    with st.expander(f"Table and download: {title}", expanded=figure is None):
        st.caption(plain(definition))
        is_guarded = any("hidden" in name for name in frame.columns)
        # harmless here as well: tables are copied into spreadsheets
        told = harmless(frame.drop("is_hidden", strict=False))
        st.dataframe(
            told,
            hide_index=True,
            width="stretch",
            column_config=_columns(told),
            placeholder=HIDDEN if is_guarded else "–",
            alt=title,
        )
        offer("Download CSV", lambda: csv_bytes(frame), "_".join(title.lower().split()) + ".csv", "text/csv")


def plain(text: str) -> str:
    """A definition without its marks."""
    return text.replace("`", "")


def _columns(frame: pl.DataFrame) -> dict[str, Any]:
    """Names as people read them; digits in groups, shares in per cent."""
    return {
        name: st.column_config.NumberColumn(label(name), format="percent" if name in _SHARES else "localized")
        if kind.is_numeric()
        else st.column_config.Column(label(name))
        for name, kind in frame.schema.items()
    }


def label(name: str) -> str:
    """A column's name in words."""
    words = [_UNITS.get(word, word) for word in name.split("_")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def offer(text: str, content: bytes | Callable[[], bytes], name: str, kind: str) -> None:
    """A download, made when it is asked for; that it was taken goes to the audit log."""
    st.download_button(
        text, content, name, kind, key=f"download {name}", on_click=session.told, args=("file_downloaded", name)
    )


def cards(count: int) -> Iterable[Any]:
    """Places for so many figures, three in a row on a wide screen."""
    for _ in range(0, count, 3):
        yield from st.columns(3)


def number(value: float | None, unit: str = "", places: int = 0, is_exact: bool = True) -> str:
    """A figure as people read it; what is kept back says so, and so does one of which a part is."""
    return HIDDEN if value is None else f"{'' if is_exact else 'at least '}{unit}{value:,.{places}f}"


def change(now: float | None, before: float | None) -> str | None:
    """The change in per cent, None where one of the two is not known."""
    return f"{(now - before) / before:+.1%}" if now is not None and before else None
