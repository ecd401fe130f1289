"""Which encoding of one byte a letter a text is in, by the letters of the languages that are written in each."""

import re
from collections import Counter
from functools import cache

WINDOWS = "windows-1252"
_LETTERS = {
    WINDOWS: (
        "äöüßé",
        "àâæçéèêëîïôœùûüÿ",
        "áéíñóúüç",
        "ãáàâçéêíóôõúü",
        "åäöæøéü",
        "àèéìíòóùú",
        "ëéïöüèê",
        "áðéíóúýþæö",
        "àçéèíïóòúü",
    ),
    "windows-1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕô", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "iso8859-2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕô", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "windows-1254": ("çğıiöşüâ",),
    "windows-1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
}
"""By encoding the letters of each language."""
_WORD = re.compile(rb"[A-Za-z\x80-\xff]{3,}")
_BEYOND = re.compile(rb"[\x80-\xff]")
_PLAIN = re.compile(rb"[A-Za-z]")
_NONE, _APOSTROPHE = b"\x81", b"\x92"
_BROKEN = re.compile(rb"[A-Za-z][\xc0-\xde](?=[a-z])")
"""A capital amid small letters is rather half a letter of UTF-8."""
_CLEARLY = 0.02


def encoding_by_letters(text: bytes, at_least: float) -> str | None:
    """The encoding in which most of the letters beyond ASCII are those of one language; None where too few are.

    Where several fit alike it is Windows-1252: most letters stand at the same place in all.
    """
    # a word of no plain letter at all is in another script
    words = [word if _PLAIN.search(word) else _NONE * len(word) for word in _WORD.findall(text) if not word.isascii()]
    letters = Counter(b"".join(_BEYOND.findall(_BROKEN.sub(_NONE, b" ".join(words).replace(_APOSTROPHE, b"")))))
    best, most = None, 0.0
    for encoding, languages in _tables().items():
        found = max(sum(count for byte, count in letters.items() if byte in of) for of in languages)
        share = found / (letters.total() or 1)
        if share > most + (_CLEARLY if best else 0):
            best, most = encoding, share
    return best if most >= at_least else None


@cache
def _tables() -> dict[str, list[frozenset[int]]]:
    """By encoding the bytes beyond ASCII of the letters of each language, small and large."""
    return {
        encoding: [
            frozenset(byte for each in of + of.upper() for byte in each.encode(encoding, "ignore") if byte >= 0x80)
            for of in languages
        ]
        for encoding, languages in _LETTERS.items()
    }
