"""What is not given: words that stand in a cell where there is no value, and what a spreadsheet wraps around one.

Read in every column but ids, where such a word is told as a placeholder: a person could else be made of it. A word
to which a feed gives a meaning of its own is a value there.
"""

import re

NOT_GIVEN = (
    "NULL", "(NULL)", "<NULL>", "[NULL]", "\\N", "NIL", "NONE", "NAN", "NAT", "NA", "<NA>", "N/A", "#N/A", "N.A.",
    "N.A", "#NV", "UNKNOWN", "UNKN", "UNK", "NOT KNOWN", "NOT GIVEN", "NOT AVAILABLE", "NOT APPLICABLE",
    "NOT ASSIGNED", "NOT RECORDED", "NOT SPECIFIED", "NOT PROVIDED", "NOT STATED", "UNIDENTIFIED", "UNSPECIFIED",
    "UNDEFINED", "MISSING", "BLANK", "EMPTY", "TBA", "TBC", "TBD",
    "UNBEKANNT", "UNBEK", "NICHT BEKANNT", "NICHT ANGEGEBEN", "NICHT VORHANDEN", "KEINE ANGABE", "K.A.", "FEHLT",
    "INCONNU", "INCONNUE", "NON CONNU", "NON RENSEIGNÉ", "NON RENSEIGNE", "NON DISPONIBLE", "NON APPLICABLE", "NÉANT",
    "DESCONOCIDO", "DESCONOCIDA", "SE DESCONOCE", "NO APLICA", "NO DISPONIBLE", "NO CONSTA", "SIN DATOS",
    "N. A.", "K. A.", "-", "--", "---", "–", "––", "—", "——", "―", "−", "?", "??", "???", ".", "..", "...", "…", "_",
    "*", "0000-00-00", "0000-00-00 00:00", "0000-00-00 00:00:00", "0000-00-00T00:00:00", "0000-00-00T00:00:00Z",
    "0000/00/00", "00/00/0000", "00/00/00", "00-00-0000", "00.00.0000", "00/00/0000 00:00", "00.00.0000 00:00",
    "00000000",
)  # fmt: skip
"""In upper case, dates of zeros among them. A feed of `sources.toml` may have more (`null_words`)."""

FORMULA = re.compile(r'="([^"]*)"\Z')
"""`="00123"`: how a spreadsheet is told to leave a number alone."""
_BLANK = r"[\s\p{Z}\p{Cf}]*"
WRAPPED = rf'(?s)^(="{_BLANK}([^"]*?){_BLANK}"|\x27{_BLANK}([0-9=+@-].*))\z'
"""Either of both around a cell: `="00123"`, or `'00123`, whose sign is no part of the value. A name may begin with one,
before a letter."""
MARKED_ID = re.compile(r"'([^']+)\Z")
WHOLE = re.compile(r"([1-9][0-9]{0,14})[.]0+\Z")
"""`123.0`: a whole number that was read as a fraction; not exact with more than 15 digits, or with a zero before it."""


def spellings(words: tuple[str, ...]) -> list[str]:
    """Words as people write them: in capitals, in small letters, or with a capital first."""
    return sorted({spelled for word in words for spelled in (word.upper(), word.lower(), word.capitalize())})


def unwrapped(identifier: str) -> str:
    """An id, trimmed, without what a spreadsheet put around it."""
    for pattern in (FORMULA, MARKED_ID, WHOLE):
        if found := pattern.match(identifier):
            identifier = found[1].strip()
    return identifier
