"""Ids that are none: words for "nothing", what a spreadsheet made of an id, names of people. Standard library only.

Taken for ids they would make one patient of many. Validated as Silver spells ids (trimmed, in upper case), with
letters of full width as ASCII. Nearly all ids are passed by one cheap pattern; only the others meet the patterns of
Unicode.
"""

import re

from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.contracts.table import RowCheck, Severity

_NO_ID = (
    "#N A", "NO", "NO ID", "NO MRN", "NO NUMBER", "UNASSIGNED", "UNDEF", "VOID", "PENDING", "INVALID", "ANON",
    "ANONYMOUS", "TEST", "DUMMY", "PLACEHOLDER", "DEFAULT", "OTHER", "TRUE", "FALSE", "INF", "INFINITY",
    "N D", "S N", "TESTPATIENT", "TEST PATIENT", "PATIENT", "PATIENT ID", "MRN",
    "KEIN", "KEINE", "OHNE", "LEER", "ENTFÄLLT", "ENTFAELLT", "ANONYM", "WAHR", "FALSCH",
    "SANS OBJET", "AUCUN", "AUCUNE", "NEANT", "VIDE", "MANQUANT", "ANONYME", "VRAI", "FAUX",
    "NINGUNO", "NINGUNA", "NULO", "VACÍO", "VACIO", "ANÓNIMO", "ANONIMO", "VERDADERO", "FALSO",
)  # fmt: skip
"""Values in other columns."""
_PLAIN = (re.sub(r"[^\w#]+", " ", word).strip() for word in NOT_GIVEN)
NOTHING = tuple(sorted({word for word in _PLAIN if len(word) > 1 and word[0].isalpha()} | {*_NO_ID}))
"""Words that stand where nothing is known, and truth values; whatever marks stand around or between them."""

_MARKS = r"[^\p{L}\p{N}#]+"
_NO_LETTER_OR_DIGIT = rf"^{_MARKS}\z"
_ZEROS = r"^[^\p{L}\p{N}#]*(0[^\p{L}\p{N}#]*)+\z"
_NINES = r"^[^\p{L}\p{N}#]*(9[^\p{L}\p{N}#]*){7,}\z"
_MINUS = r"^[\x{2212}-](0*1|9+)([.,]0+)?\z"
_REPEATED_X = r"^[^\p{L}\p{N}#]*X{2,}[^\p{L}\p{N}#]*\z"
_NULL_OF_DATABASES = r"^\x5CN\z"
PLACEHOLDERS = "|".join((_NO_LETTER_OR_DIGIT, _ZEROS, _NINES, _MINUS, _REPEATED_X, _NULL_OF_DATABASES))
"""`-`, `?`, `00000000`, `000-00-0000`, `XXXX`, `-1`, and nines alone. A run of up to six nines may be a real number;
seven or more are what a form is filled with."""

ERROR = r"^#+\z|^#\P{N}"
_EXPONENT = r"^[+-]?[0-9]+([.,][0-9]+)?E[+-][0-9]+\z|^[+-]?[0-9]+[.,][0-9]+E[0-9]+\z"
_AMOUNT = r"^0*[1-9][0-9]*[.]0+\z|^[0-9]{1,3}(,[0-9]{3})+([.]0+)?\z"
_MONTH = "(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC)"
_DATE = (
    rf"^([0-3]?[0-9][ ./-]+)?{_MONTH}[ ./-]+([0-9]{{2}}){{1,2}}\z|^[0-3]?[0-9][ ./-]+{_MONTH}\z"
    r"|^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(:00([.]0+)?)?\z"
)
_BLANK_WITHIN = (
    r"\x{A0}\x{34F}\x{115F}\x{1160}\x{1680}\x{17B4}\x{17B5}\x{180B}-\x{180F}\x{2000}-\x{200A}\x{202F}\x{205F}"
    r"\x{2800}\x{3000}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}\x{E0100}-\x{E01EF}"
)
_HIDDEN = rf"[\p{{Cc}}\p{{Cf}}\p{{Zl}}\p{{Zp}}{_BLANK_WITHIN}\x{{FFFD}}]"
DAMAGED = f"{ERROR}|{_EXPONENT}|{_AMOUNT}|{_DATE}|{_HIDDEN}"
"""`########`, `#REF!` in any language, `1.23E+12`, `12345.0`, `1,234,567`, `3-JAN`, and a mark inside that does not
show."""

_WORD = r"[\p{L}\p{M}\x27\x{2019}.-]+"
_WORDS_OF_HL7 = r"[\p{L}\p{M}\x27\x{2019}., -]*"
NAMES = rf"^{_WORD}(, *| +){_WORD}([, ]+{_WORD})*,?\z|^{_WORDS_OF_HL7}(\^{_WORDS_OF_HL7})+\z"
"""Two words or more without a digit, such as `QUILL, ADA` or `QUILL^ADA`: a column of names was taken for the ids."""

_SURELY_NO_WORD = "[2-8]|^[0-9]*1|[A-Z].*[0-9]|[0-9].*[A-Z]"
"""Neither a word nor one of the numbers above has such a digit, begins with a number that has a 1, or has both letters
and digits."""
_SURELY_NO_NAME = "[0-9]"
_SURELY_WHOLE = r"^[0-9A-Z_]+(-[0-9A-Z_]{4,12}-[0-9A-Z_]{4,12}(-[0-9A-Z_]{4,12})*)?\z"
"""`MRN123`, `MRN_123`, `12345`, a UUID: letters and digits, in groups of four or more if there are hyphens."""
# the embedded engine makes the large patterns anew for each few thousand rows of which one gets past these

_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F) if chr(code) not in "\uff07\uff3c")
_NARROW = "".join(chr(ord(letter) - 0xFEE0) for letter in _WIDE)


def id_checks(column: str) -> tuple[RowCheck, ...]:
    """The rules that keep out what is no id."""
    id_ = f"upper({column})"
    ascii_ = f"translate({id_}, r'{_WIDE}', r'{_NARROW}')"
    words = ", ".join(f"r'{word}'" for word in NOTHING)
    nothing = f"trim(regexp_replace({ascii_}, r'{_MARKS}', ' ')) IN ({words}) OR {ascii_} RLIKE r'{PLACEHOLDERS}'"
    rules = (
        ("placeholder", _SURELY_NO_WORD, nothing,
         "a word for nothing (NULL, N/A, UNKNOWN, …) or a truth value, only zeros, seven nines or more, -1, or without "
         "a letter or digit"),
        ("damaged", _SURELY_WHOLE, f"{ascii_} RLIKE r'{DAMAGED}'",
         "what a spreadsheet leaves (1.23E+12, ####, #REF!, 12345.0, 3-JAN), or a mark within that does not show"),
        ("is_a_name", _SURELY_NO_NAME, f"{ascii_} RLIKE r'{NAMES}' AND NOT ({nothing})",
         "two words or more without a digit, or words divided by ^"),
    )  # fmt: skip
    return tuple(
        RowCheck(
            f"{column}_{what}",
            f"CASE WHEN {id_} RLIKE r'{surely_none}' THEN false ELSE {sql} END",
            Severity.QUARANTINE,
            f"{column}: {told}",
        )
        for what, surely_none, sql, told in rules
    )
