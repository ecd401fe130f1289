"""A cell with diagnosis codes, and the marks and titles that stand beside them. Standard library only."""

import re

_MARKS = "+*!\u2020\u2021"
"""German codes bear a cross or an exclamation mark for a cause, a star for what it shows itself in."""
_BESIDE, _RULED_OUT = frozenset("GVZARLB"), "A"
"""Letters after a German code: confirmed, suspected, state after, ruled out; right, left, both."""
_DASHES = ("-", "\u2013", ":")
_APART, _BLANK = re.compile(r"[;|/~^\r\n]"), re.compile(r"[,\s]+")
_CODE = re.compile(r"([A-Za-z][0-9][0-9A-Za-z]|[0-9]{3})[0-9A-Za-z]*([.][0-9A-Za-z]*)?\Z")
_OF_SKS = re.compile(r"[Dd](?=[A-Za-z][0-9][0-9A-Za-z])")
_MORE_THAN_A_NUMBER = re.compile(r"[A-Za-z]|.*[.:]|[0-9]{6}")


def international(code: str) -> str:
    """A code without the D that Danish ones (SKS) bear before those of ICD-10: K358 of DK358. No code of ICD-10 begins
    with two letters."""
    return _OF_SKS.sub("", code, count=1) if _OF_SKS.match(code) else code


def codes_in(cell: str) -> list[str]:
    """The codes of a cell in their order, each once, without marks and titles, and what may be meant for one; of a cell
    without codes itself. None where all are ruled out."""
    parts = [part.strip() for part in _APART.split(cell)]
    read = [(part, _codes_of(part)) for part in parts if re.search(r"[\w?]", part)]
    if all(codes is None for _, codes in read):
        return [cell.strip()]
    given = (codes if codes is not None else [] if _is_title(part) else [part] for part, codes in read)
    return list(dict.fromkeys(code for codes in given for code in codes))


def _codes_of(part: str) -> list[str] | None:
    """The codes between two separators, up to a title; None where it does not begin with one."""
    found: list[str] = []
    last = ""
    for token in filter(None, _BLANK.split(part)):
        bare, beside = international(token.rstrip(_MARKS + ":")), token.strip("()").upper()
        if _CODE.match(bare):
            found.append(bare)
            last = token
        elif last and beside in _BESIDE:
            found = found if beside != _RULED_OUT else found[:-1]
        else:
            # words behind a mere number may be a dose or a count
            is_title = token in _DASHES or (_MORE_THAN_A_NUMBER.match(last) and not token[0].isdigit())
            return found if last and is_title else None
    return found


def _is_title(part: str) -> bool:
    """Whether a part is words, and not what may be meant for a code: XX, or COVID-19."""
    return bool(re.search(r"[^\W\d_]\s|\s[^\W\d_]|^[^\W\d_]{3,}$", part))
