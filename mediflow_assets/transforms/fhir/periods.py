"""When something happened: https://hl7.org/fhir/R4/datatypes.html#Period, #Timing and #dateTime."""

from mediflow_assets.transforms.fhir.elements import Element, first_text, one, text


def begin_and_end(resource: Element, *stems: str) -> tuple[str | None, str | None]:
    """The begin, and the end of a period, under the first of these names that is told: as `nameDateTime`, `namePeriod`,
    `nameInstant`, `nameTiming`, or the bare name."""
    for stem in stems:
        moments = (resource.get(f"{stem}{kind}") for kind in ("DateTime", "Instant", "Date"))
        if moment := next((found for each in moments if (found := text(each))), None):
            return moment, None
        period = one(resource.get(f"{stem}Period")) or one(resource.get(stem))
        begin, end = text(period.get("start")), text(period.get("end"))
        if begin or end:
            return begin or end, end
        timed = first_text(one(resource.get(f"{stem}Timing")).get("event")) or text(resource.get(stem))
        if timed:
            return timed, None
    return None, None
