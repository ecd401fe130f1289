"""How an identifier is spelled, wherever it is stored, compared or pseudonymised."""

import unicodedata

from mediflow_assets.contracts.blanks import BLANKS


def canonical(identifier: str) -> str:
    """One spelling for one identifier: trimmed of blanks, upper case, Unicode NFC (before and after the case)."""
    upper = unicodedata.normalize("NFC", identifier).strip(BLANKS).upper()
    return unicodedata.normalize("NFC", upper)
