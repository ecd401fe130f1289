"""`mediflow quarantine`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output

Reason = Annotated[str | None, typer.Option(help="the rule that was broken")]
Of = Annotated[str | None, typer.Option("--delivery", help="12 digits or more of a delivery's id")]
Delivery = Annotated[str, typer.Option("--delivery", help="12 digits or more of the delivery's id")]
Record = Annotated[int, typer.Option("--record", help="the record's number in the delivery")]
Json = Annotated[bool, typer.Option("--json", help="JSON, for a program to read")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app,
        "quarantine",
        "Records that could not enter Silver: look, mend, replay, discard.",
        list=list_,
        show=show,
        discard=discard,
        duplicates=duplicates,
        replay=replay,
    )


def list_(
    reason: Reason = None,
    delivery: Of = None,
    table: Annotated[str | None, typer.Option(help="encounters, patients or conditions")] = None,
    is_by_record: Annotated[bool, typer.Option("--records", help="each record, without its content")] = False,
    as_json: Json = False,
) -> None:
    """Count what is in quarantine by table, source, reason and status."""
    from mediflow_assets.operations import quarantine

    wanted = quarantine.Wanted(reason, delivery, table)
    settings = context.settings()
    settings.require_home()
    rows = quarantine.records(context.lake(settings), wanted)
    if not is_by_record:
        rows = quarantine.counts(rows, reason)
    if as_json:
        output.as_json(rows)
    elif rows:
        output.table("quarantine", tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        output.line("Nothing is in quarantine that fits.")


def duplicates(as_json: Json = False) -> None:
    """List encounters that may be one, of which one has no id: the records of one stay share its number."""
    from mediflow_assets.pipeline.possible_duplicates import possible_duplicates

    settings = context.settings()
    settings.require_home()
    rows = possible_duplicates(context.lake(settings)).to_dicts()
    if as_json:
        output.as_json(rows)
    elif rows:
        output.table("possible duplicates", tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        output.line("No encounter overlaps one without an id.")


def show(
    delivery: Delivery,
    record: Record,
    user: Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")] = None,
) -> None:
    """Show one record whole. It holds personal data, so it takes a login as privacy_officer or admin."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import quarantine

    settings = context.settings()
    told = f"delivery {delivery[:12]}; record {record}"
    with officer.acting(settings, user, "quarantine show", told, ("privacy_officer", "admin")):
        found = quarantine.whole(context.lake(settings), delivery, record)
    output.as_json(found)


def discard(
    delivery: Delivery,
    record: Record,
    reason: Annotated[str, typer.Option(help="why; no personal data: it stands in the table's history")],
) -> None:
    """Give a record up: it stays in quarantine and is never validated again."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import quarantine
    from mediflow_assets.pipeline.discard import discard as discard_record

    settings = context.settings()
    lake = context.lake(settings)
    with officer.recorded(settings, "quarantine discard", f"delivery {delivery[:12]}; record {record}"):
        id_ = quarantine.delivery_id(lake, delivery)
        count = discard_record(lake, settings.lock, id_, record, reason)
    output.line(f"Discarded, at {count} table{'s' if count > 1 else ''}. The next run counts it so.")


def replay(
    patch: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="a CSV of corrections")] = None,
    reason: Reason = None,
    delivery: Of = None,
) -> None:
    """Validate quarantined records again, after their rules, their patients or (by a patch) they themselves changed."""
    from mediflow_assets.cli import officer, running
    from mediflow_assets.operations import patches, quarantine
    from mediflow_assets.sources import Feeds

    settings = context.settings()
    lake = context.lake(settings)
    with officer.recorded(settings, "quarantine replay", "patched" if patch else "") as who:
        id_ = quarantine.delivery_id(lake, delivery) if delivery else None
        if patch:
            inbox = settings.open_inbox(Feeds.load(settings.sources_file))
            taken, is_known = patches.receive_patch(patch, inbox, lake)
            who.detail = f"patch {taken.short}"
            output.line(f"{taken.short}: {'landed already' if is_known else 'taken'}")
        # corrected records are validated again by themselves: with a patch alone, no other one is
        again = {"reason": reason, "delivery": id_} if reason or id_ or not patch else None
        raise typer.Exit(running.launch("replay", again))
