"""Looking for very many identifiers at once: first by their words, then, for the few whose words all occur, exactly.

A million identifiers are never looked for one by one: what is read has few distinct words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import polars as pl

SHORTEST = 6
"""Characters. Shorter ones stand in texts by chance; the policy of their columns holds them."""
_WORD = r"[\p{L}\p{N}]+"
_LAST_WORD = r"([\p{L}\p{N}]+)[^\p{L}\p{N}]*$"
_SHORT_NUMBER = re.compile(r"[0-9]{1,8}\Z")
_SAID_TO_BE_ONE = re.compile(r"(?:patient|encounter|person|subject|member|account|mrn|ssn|id|key|no|number)\W{0,4}\Z")


def folded(texts: pl.Series) -> pl.Series:
    """Identifiers as they are looked for: trimmed, in lower case, and long enough."""
    found = trimmed(texts)
    return found.filter(found.str.len_chars() >= SHORTEST)


def trimmed(texts: pl.Series) -> pl.Series:
    """Texts without blanks at their ends, in lower case."""
    return texts.drop_nulls().str.strip_chars().str.to_lowercase()


def words_of(texts: pl.Series) -> pl.Series:
    """The distinct words of texts, in lower case."""
    if not len(texts):
        return pl.Series([], dtype=pl.String)
    return words_by_place(pl.DataFrame({"text": texts}))["text"].unique()


def words_by_place(texts: pl.DataFrame) -> pl.DataFrame:
    """The words of the column `text`, in lower case, beside the other columns."""
    words = texts.with_columns(pl.col("text").str.to_lowercase().str.extract_all(_WORD))
    return words.explode("text", empty_as_null=True).drop_nulls("text")


def digests(words: pl.Series, seed: int) -> pl.Series:
    """What stands for words where words may not be kept: whoever has not got the seed has nothing to compare with."""
    return words.hash(seed)


def possible(identifiers: pl.Series, words: pl.Series, seed: int) -> pl.Series:
    """Those identifiers of which every word is among the words, given by their digests."""
    last, among = identifiers.str.extract(_LAST_WORD), words.implode()
    # the last word alone leaves few of a million
    some = identifiers.filter(last.is_not_null() & digests(last, seed).is_in(among))
    split = with_words(some, seed)
    missing = split.filter(~pl.col("word").is_in(among))["id"].unique()
    return some.filter(~some.is_in(missing.implode()))


def with_words(identifiers: pl.Series, seed: int) -> pl.DataFrame:
    """Identifiers (`id`) with the digest of each of their distinct words (`word`)."""
    each = pl.DataFrame({"id": identifiers, "text": identifiers}, schema={"id": pl.String, "text": pl.String})
    split = words_by_place(each)
    return split.select("id", digests(split["text"], seed).alias("word")).unique()


def hits(texts: pl.Series, identifiers: pl.Series, is_cell: bool = False) -> Counter[str]:
    """In how many places of the texts each of a few identifiers stands as a whole token."""
    count: Counter[str] = Counter()
    if not len(texts) or not len(identifiers):
        return count
    wanted = identifiers.to_list()
    low = texts.str.to_lowercase()
    found = low.filter(low.str.contains_any(wanted))
    for text in found.to_list():
        count.update(_in_text(text, wanted, is_cell))
    return count


def _in_text(text: str, wanted: Iterable[str], is_cell: bool) -> Iterator[str]:
    for identifier in wanted:
        start = text.find(identifier)
        while start >= 0:
            end = start + len(identifier)
            if _is_token(text, start, end) and (is_cell or not _is_chance(text, start, end)):
                yield identifier
            start = text.find(identifier, end)


def _is_token(text: str, start: int, end: int) -> bool:
    return not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()


def _is_chance(text: str, start: int, end: int) -> bool:
    """Whether it is a number of up to eight digits that nothing says to be an identifier: logs are full of them."""
    if not _SHORT_NUMBER.match(text[start:end]):
        return False
    is_quoted = text[start - 1 : start] in ("'", '"') and text[end : end + 1] in ("'", '"')
    is_alone = start == 0 and end == len(text)
    return not (is_quoted or is_alone or _SAID_TO_BE_ONE.search(text[max(start - 20, 0) : start]))
