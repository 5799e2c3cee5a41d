"""Slips of the pen: a word that is one letter (two, when long) from a known one."""

import re
from functools import lru_cache
from typing import Final

from reid.describe.lexicon import Lexicon, load

SHORTEST: Final = 4
"""Shorter words are too close to each other to be corrected; at this length a letter may only be
missing ("gren", "wite")."""

LONG: Final = 7
"""From this length on two letters may be wrong."""

LONGEST: Final = 24
"""Longer words are no slip of one letter."""


def correct(word: str, lexicon: Lexicon) -> str | None:
    """Return the one known word that `word` is a slip of, or None.

    The first letter has to be right (or swapped with the second), the nearest word has to be the
    only one so near, and Chinese has no spelling to correct.
    """
    if not SHORTEST <= len(word) <= LONGEST or not word.isalpha() or lexicon.language == "zh":
        return None
    if word in lexicon.guarded:
        return None
    return (
        _swapped(word, lexicon)
        or _sounds(lexicon.language).get(sound(word, lexicon))
        or _nearest(word, lexicon.language)
    )


def sound(word: str, lexicon: Lexicon) -> str:
    """Return what a word sounds like, roughly: words spelled by ear have the same ("zapatiyas")."""
    for written, heard in lexicon.sounds:
        word = word.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", word)


@lru_cache(maxsize=8)
def _sounds(language: str) -> dict[str, str]:
    """Return the known words by their sound, where only one of them sounds so."""
    lexicon = load(language)
    heard: dict[str, list[str]] = {}
    for word in lexicon.content:
        if len(word) > SHORTEST and word.isalpha():
            heard.setdefault(sound(word, lexicon), []).append(word)
    return {key: words[0] for key, words in heard.items() if len(words) == 1}


def _swapped(word: str, lexicon: Lexicon) -> str | None:
    """Return the one known word that two neighbouring letters in the wrong order make of it.

    The commonest slip of fast fingers ("gril", "jaens"); it may be of a word for a person too.
    """
    forms = {
        word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        for i in range(1, len(word) - 1)
        if word[i] != word[i + 1]
    }
    known = forms & lexicon.swappable
    return known.pop() if len(known) == 1 else None


@lru_cache(maxsize=4096)
def _nearest(word: str, language: str) -> str | None:
    table = _deletions(language)
    reach = 2 if len(word) >= LONG else 1
    candidates: set[str] = set()
    for form in _shortened(word, reach):
        candidates.update(table.get(form, ()))
    best: list[str] = []
    least = reach + 1
    for candidate in candidates:
        if word[0] not in candidate[:2] or candidate[0] not in word[:2]:
            continue
        if len(word) == SHORTEST and len(candidate) <= SHORTEST:
            continue
        distance = edits(word, candidate, reach)
        if distance < least:
            best, least = [candidate], distance
        elif distance == least and distance <= reach:
            best.append(candidate)
    best.sort(key=lambda known: -_shared(word, known))
    alone = len(best) == 1 or (best and _shared(word, best[0]) > _shared(word, best[1]))
    return best[0] if alone else None


def _shared(a: str, b: str) -> int:
    """Return how many letters two words begin with alike."""
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


@lru_cache(maxsize=8)
def _deletions(language: str) -> dict[str, list[str]]:
    """Return every known word under each form that it takes with letters left out."""
    table: dict[str, list[str]] = {}
    for word in load(language).content:
        if len(word) > SHORTEST and word.isalpha():
            for form in _shortened(word, 2 if len(word) >= LONG - 1 else 1):
                table.setdefault(form, []).append(word)
    return table


def _shortened(word: str, times: int) -> set[str]:
    forms = {word}
    for _ in range(times):
        forms |= {form[:i] + form[i + 1 :] for form in forms for i in range(len(form))}
    return forms


def edits(a: str, b: str, most: int) -> int:
    """Return how many edits (insert, delete, replace, swap) lead from `a` to `b`, up to `most` + 1.

    Damerau-Levenshtein distance in its restricted form ("optimal string alignment").
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
