"""What Silver must hold of versions, slowly: from the words of the promise, with dictionaries and loops.

A version is a mapping: `source`, `received`, `claimed` (None where its source tells no time), `number`, `delivery`,
`record`, `is_end`, and in `says` the columns that it gives. None of the product's code is used.
"""


def rank(version, known=()):
    """The order among sources: a claim that lies after its arrival counts as of the arrival.

    Among those that are known what tells no time is older than an end that came later from its source, and than the
    newest of its source that tells one, where that has the higher number.
    """
    claimed = version["claimed"]
    is_future = claimed is not None and claimed > version["received"]
    time = version["received"] if claimed is None or is_future else claimed
    if claimed is None:
        ends = [v for v in known if v["is_end"] and v["claimed"] is not None and v["source"] == version["source"]]
        time = min([time, *(rank(v)[0] - 0.1 for v in ends if v["received"] > version["received"])])
        timed = [v for v in known if v["claimed"] is not None and v["source"] == version["source"]]
        last = max(timed, key=claim, default=version)
        if None not in (version["number"], last["number"]) and version["number"] < last["number"]:
            time = min(time, rank(last)[0] - 0.1)
    return (time, claimed if is_future else -1, *rest(version))


def claim(version):
    """The order within one source: as claimed, also where that lies ahead."""
    if version["claimed"] is None and version["number"] is not None:
        return (0, *rest(version))
    return (version["received"] if version["claimed"] is None else version["claimed"], *rest(version))


def rest(version):
    number = -1 if version["number"] is None else version["number"]
    return (number, version["received"], version["record"], version["delivery"])


def newest(versions, known):
    """Of each source its newest version, and of these the newest. What tells no time cannot be held against claims."""
    of_source = {}
    for version in versions:
        source = (
            version["source"],
            version["claimed"] is None,
            version["claimed"] is None and version["number"] is None,
        )
        last = of_source.get(source)
        if last is None or claim(version) > claim(last):
            of_source[source] = version
    return max(of_source.values(), key=lambda version: rank(version, known), default=None)


_PARTS = {"year": 1, "month": 2, "day": 3}


def date_of(versions, date, precision):
    """The version that tells a date: the newest, unless the newest of those that tell more agrees with it."""
    told = [v for v in versions if v["says"].get(date) is not None]
    found = newest(told, versions)
    for least in (2, 3):
        finer = newest([v for v in told if _PARTS[v["says"][precision]] >= least], versions)
        if finer and found:
            parts = _PARTS[found["says"][precision]]
            one, other = (str(v["says"][date]).split("-")[:parts] for v in (found, finer))
            found = finer if one == other else found
    return found


def row_of(versions, columns, begin_and_end=None, dates=None, outdated=None):
    """Of each column the newest value given; None where only ends are known.

    `outdated`: a column, a value and another column, whose newer value tells that this one holds no more.
    """
    if all(version["is_end"] for version in versions):
        return None
    saying = {name: newest([v for v in versions if v["says"].get(name) is not None], versions) for name in columns}
    if dates:
        saying |= dict.fromkeys(dates, date_of(versions, *dates))
    row = {name: version and version["says"][name] for name, version in saying.items()}
    if begin_and_end:
        begin, end = begin_and_end
        if row[begin] is not None and row[end] is not None and row[end] < row[begin]:
            is_older = rank(saying[begin], versions) < rank(saying[end], versions)
            row[begin if is_older else end] = None
    if outdated:
        column, value, by = outdated
        if row[column] == value and row[by] is not None:
            is_older = rank(saying[column], versions) < rank(saying[by], versions)
            row[column] = None if is_older else value
    return row


def outcome_of(version, before, columns):
    """What a version was to those that had arrived before it."""
    ends = version["is_end"] or version["says"].get("status") == "cancelled"
    if not before:
        return "ended" if ends else "new"
    last = max(before, key=rank)
    mine, theirs = version["says"], last["says"]
    given = [name for name in columns if mine.get(name) is not None]
    if version["is_end"] == last["is_end"] and all(mine[name] == theirs.get(name) for name in given):
        return "same"
    for name in given:
        known = max((v for v in before if v["says"].get(name) is not None), key=rank, default=version)
        if rank(version)[:3] == rank(known)[:3] and known["says"][name] != mine[name]:
            return "conflicting"
    is_ended = version["is_end"] and last["claimed"] is None and last["source"] == version["source"]
    if rank(version) < rank(last) and not is_ended:
        return "older"
    return "ended" if ends else "newer"


def arrival(version):
    return (version["received"], version["delivery"], version["record"])
