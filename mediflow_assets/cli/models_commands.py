"""`mediflow models` and `mediflow evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output
from mediflow_assets.contracts.served import MODELS


def register(app: typer.Typer) -> None:
    """Add the commands."""
    context.group(
        app,
        "models",
        "Versions of the models, and which one answers.",
        list=list_,
        promote=promote,
        rollback=rollback,
        card=card,
    )
    app.command("evaluate")(evaluate)


_NAME = Annotated[str, typer.Argument(help=" or ".join(MODELS))]


def list_(as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False) -> None:
    """Every registered version, its aliases, and what the gate said."""
    from mediflow_assets.operations import model_registry

    rows = model_registry.registered(context.settings())
    if as_json:
        output.as_json({"models": rows})
    elif rows:
        output.table("models", tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        output.line("No model was trained yet: 'mediflow run --select models'.")


def promote(name: _NAME, version: Annotated[str, typer.Argument(help="as 'models list' shows it")]) -> None:
    """Make a version the champion, whatever the gate said of it."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import model_registry

    settings = context.settings()
    with officer.recorded(settings, "models promote", f"{name} {version}"):
        model_registry.promote(settings, name, version)
    output.line(f"{name}: version {version} answers now.")


def rollback(name: _NAME) -> None:
    """Go back to the champion before."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import model_registry

    settings = context.settings()
    with officer.recorded(settings, "models rollback", name):
        version = model_registry.rollback(settings, name)
    output.line(f"{name}: version {version} answers again.")


def card(name: _NAME, version: Annotated[str | None, typer.Option(help="the champion's unless given")] = None) -> None:
    """Print a version's card: purpose, data, figures, groups, limits."""
    from mediflow_assets.operations import model_registry

    typer.echo(model_registry.card(context.settings(), name, version))


def evaluate(
    dataset: Annotated[str, typer.Argument(help="uci-diabetes or insurance")],
    path: Annotated[Path, typer.Argument(help="its CSV, or the folder it lies in")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False,
) -> None:
    """Run the same pipelines and figures on public data, next to what others published."""
    from mediflow_assets.ml import reference

    if dataset not in reference.REFERENCES:
        context.usage(f"there is no such data set; {' or '.join(reference.REFERENCES)}")
    known = reference.REFERENCES[dataset]
    results = reference.evaluate(dataset, path)
    names = ("auc", "brier") if known.like.is_probability else ("r2", "rmse")
    if as_json:
        shown = [
            {"name": r.name}
            | {n: r.figures.get(n) for n in ("auc", "brier", "r2", "rmse")}
            | {"published": r.published}
            for r in results
        ]
        output.as_json({"dataset": dataset, "split": known.described, "models": shown})
        return
    output.line(f"{dataset}: {known.described}")
    rows = [(r.name, *(f"{r.figures[n]:,.4f}" for n in names), f"{r.spread:.4f}", r.published) for r in results]
    output.table("ours next to what was published", ("estimator", *names, "spread", "published"), rows)
