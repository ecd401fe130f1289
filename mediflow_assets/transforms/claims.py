"""What sources claim of their versions: whose claims are comparable, and which lie ahead."""

import pyarrow as pa
import pyarrow.compute as pc

CLAIMED, AHEAD, TELLS = "_claimed", "_ahead", "_tells"
SOURCE = ("source_system", TELLS)
"""Whose claims are comparable: versions that tell no time, or a number only, are as of another source."""


def with_claims(versions: pa.Table) -> pa.Table:
    """Versions with what their source claims: the time, if it tells one, and if that lies after the arrival."""
    claimed, updated = versions["claimed_at"], versions["updated_at"]
    no_time = pa.scalar(None, claimed.type)
    tells_time, has_number = pc.is_valid(claimed), pc.is_valid(versions["version_number"])
    tells_number = pc.and_(pc.invert(tells_time), has_number)
    beside = {
        # of versions that tell a number only, the number decides
        CLAIMED: pc.if_else(tells_number, no_time, pc.coalesce(claimed, updated)),
        TELLS: pc.if_else(tells_time, "time", pc.if_else(tells_number, "number", "nothing")),
        AHEAD: pc.if_else(pc.fill_null(pc.greater(claimed, updated), False), claimed, no_time),
    }
    for name, column in beside.items():
        versions = versions.append_column(name, column)
    return versions
