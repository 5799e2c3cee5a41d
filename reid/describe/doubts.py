"""Doubt in many words: "unless I'm very much mistaken", "I couldn't swear to it but".

Such phrases are built from parts, so a language gives patterns for them (``[doubts]`` in its
lexicon) instead of a list. Each is read as one word that doubts what follows, or what it ends.
"""

import re
from functools import lru_cache

from reid.describe.lexicon import DOUBT_MARK, Lexicon, load
from reid.describe.tokens import Token, searchable


def merge_doubts(tokens: list[Token], text: str, lexicon: Lexicon) -> list[Token]:
    """Return the tokens with every phrase of doubt as one; `text` is what they were cut from."""
    pattern = _pattern(lexicon.language)
    if pattern is None:
        return tokens
    merged: list[Token] = []
    i = 0
    for found in pattern.finditer(searchable(text)):
        while i < len(tokens) and tokens[i].start < found.start():
            merged.append(tokens[i])
            i += 1
        first = i
        while i < len(tokens) and tokens[i].stop <= found.end():
            i += 1
        if i > first:
            start, stop = tokens[first].start, tokens[i - 1].stop
            merged.append(Token(text[start:stop], DOUBT_MARK, start, stop))
    return merged + tokens[i:]


@lru_cache(maxsize=8)
def _pattern(language: str) -> re.Pattern[str] | None:
    lexicon = load(language)
    if not lexicon.doubts:
        return None
    patterns = "|".join(lexicon.doubts)
    for name, words in lexicon.doubt_parts.items():
        patterns = patterns.replace(f"{{{name}}}", f"(?:{words})")
    edge = ("", "") if language == "zh" else (r"(?<!\w)", r"(?!\w)")
    return re.compile(f"{edge[0]}(?:{patterns}){edge[1]}")
