"""Ids that are none: words for "nothing", what a spreadsheet made of an id, names of people. Standard library only.

Taken for ids they would make one patient of many. Judged as Silver spells ids: trimmed, in upper case.
"""

from mediflow_assets.contracts.table import RowCheck, Severity

NOTHING = (
    "NULL", "(NULL)", "<NULL>", "[NULL]", r"\N", "NIL", "NONE", "<NONE>", "(NONE)", "NAN", "<NA>", "NAT", "NA", "N/A",
    "#N/A", "N.A.", "N.A", "N\\A", "N-A", "N A", "NO", "NO ID", "NO MRN", "NO NUMBER", "NOT APPLICABLE",
    "NOT AVAILABLE", "NOT ASSIGNED", "NOT GIVEN", "NOT KNOWN", "NOT PROVIDED", "NOT RECORDED", "NOT SPECIFIED",
    "UNKNOWN", "(UNKNOWN)", "<UNKNOWN>", "UNKN", "UNK", "UNK.", "UNASSIGNED", "UNDEFINED", "UNDEF", "UNIDENTIFIED",
    "UNSPECIFIED", "MISSING", "(MISSING)", "BLANK", "(BLANK)", "EMPTY", "(EMPTY)", "VOID", "TBA", "TBC", "TBD",
    "PENDING", "INVALID", "ANON", "ANONYMOUS", "TEST", "DUMMY", "PLACEHOLDER", "DEFAULT", "OTHER",
)  # fmt: skip
"""Words that stand where nothing is known."""

_NO_LETTER_OR_DIGIT = r"^[^\p{L}\p{N}#]+\z"
_ZEROS = r"^[0 .,/_+-]*0[0 .,/_+-]*\z"
_REPEATED_X = r"^X{2,}\z"
PLACEHOLDERS = f"{_NO_LETTER_OR_DIGIT}|{_ZEROS}|{_REPEATED_X}"
"""`-`, `?`, `00000000`, `000-00-0000`, `XXXX`."""

_HASHES = r"^#+\z"
_ERROR = (
    r"^#(N/A|REF|VALUE|NAME|NUM|NULL|DIV/0|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|GETTING_DATA|UNKNOWN|ERROR)[!?]?\z"
)
_EXPONENT = r"^[+-]?[0-9]+([.,][0-9]+)?E[+-][0-9]+\z|^[+-]?[0-9]+[.,][0-9]+E[0-9]+\z"
_AMOUNT = r"^0*[1-9][0-9]*[.]0+\z|^[0-9]{1,3}(,[0-9]{3})+([.]0+)?\z"
_BLANK_WITHIN = (
    r"\x{A0}\x{34F}\x{115F}\x{1160}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{2800}\x{3000}\x{3164}\x{FFA0}"
)
_HIDDEN = rf"[\p{{Cc}}\p{{Cf}}\p{{Zl}}\p{{Zp}}{_BLANK_WITHIN}\x{{FFFD}}]"
DAMAGED = f"{_HASHES}|{_ERROR}|{_EXPONENT}|{_AMOUNT}|{_HIDDEN}"
"""`########`, `#REF!`, `1.23E+12`, `12345.0`, `1,234,567`, and an id with a mark inside that does not show."""

_WORD = r"[\p{L}\p{M}\x27\x{2019}.-]+"
NAMES = rf"^{_WORD}(, *| +){_WORD}([, ]+{_WORD})*,?\z"
"""Two words or more without a digit, such as `QUILL, ADA`: a column of names was taken for the ids."""


def id_checks(column: str) -> tuple[RowCheck, ...]:
    """The rules that keep out what is no id."""
    words = ", ".join(f"r'{word}'" for word in NOTHING)
    id_ = f"upper({column})"
    rules = (
        ("placeholder", f"{id_} IN ({words}) OR {id_} RLIKE r'{PLACEHOLDERS}'",
         "a word for nothing (NULL, N/A, UNKNOWN, …), only zeros, or without a letter or digit"),
        ("damaged", f"{id_} RLIKE r'{DAMAGED}'",
         "what a spreadsheet leaves (1.23E+12, ####, #REF!, 12345.0, 1,234), or a mark within that does not show"),
        ("is_a_name", f"{id_} RLIKE r'{NAMES}' AND {id_} NOT IN ({words})", "two words or more without a digit"),
    )  # fmt: skip
    return tuple(
        RowCheck(f"{column}_{what}", sql, Severity.QUARANTINE, f"{column}: {told}") for what, sql, told in rules
    )
