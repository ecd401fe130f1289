"""Many words at once: where they stand in bytes, and which values of a column hold one, in whatever case."""

from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FOLDED = bytes(byte + 32 if 65 <= byte <= 90 else byte if byte < 128 else 1 for byte in range(256))
"""One byte for one, so that places stay: small letters for capitals, and one mark for whatever is not ASCII."""


def fold(data: bytes) -> bytes:
    """Bytes in the one case in which words are compared."""
    return data.translate(_FOLDED)


class Words:
    """Words to look for. One that is not ASCII is found by its pattern of marks: who must be sure looks closely."""

    def __init__(self, words: Iterable[bytes]) -> None:
        from ahocorasick_rs import BytesAhoCorasick

        self.folded = sorted({fold(word) for word in words} - {b""}, key=lambda word: (-len(word), word))
        self._matcher = BytesAhoCorasick(self.folded) if self.folded else None

    def places(self, folded: bytes) -> list[tuple[int, int]]:
        """Where each stands in folded bytes: its begin, and its end."""
        if self._matcher is None:
            return []
        return [(start, end) for _, start, end in self._matcher.find_matches_as_indexes(folded, overlapping=True)]

    def values(self, texts: pa.Array) -> pa.Array:
        """Those values of an Arrow array of texts that hold one."""
        large = texts.cast(pa.large_string())
        _, offsets, data = large.buffers()
        if data is None or not len(large):
            return large.slice(0, 0)
        ends = np.frombuffer(offsets, np.int64)[large.offset : large.offset + len(large) + 1]
        folded = fold(memoryview(data)[ends[0] : ends[-1]].tobytes())
        found = np.array(self.places(folded), np.int64).reshape(-1, 2) + ends[0]
        at = np.searchsorted(ends, found[:, 0], side="right") - 1
        # a word does not go on from one value into the next
        within = at[found[:, 1] <= ends[at + 1]]
        return large.take(pa.array(np.unique(within)))


def spelled_like(ids: pa.Array, wanted: Collection[str]) -> pa.Array:
    """Those of some ids, each once, that may be one of these in another spelling: in another case, wrapped by a
    spreadsheet, qualified; and all that are not ASCII, which may be composed of other characters."""
    each = pc.unique(ids).drop_null().cast(pa.large_string())
    foreign = each.filter(pc.invert(pc.string_is_ascii(each)))
    return pc.unique(pa.concat_arrays([Words(word.encode() for word in wanted).values(each), foreign]))
