"""Kinds of place, and those where no camera may be."""

import re
from typing import Final

ALLOWED: Final = (
    "entrance", "exit", "gate", "corridor", "hall", "square", "path", "shop", "restaurant",
    "ride", "attraction", "playground", "stand", "stage", "ticket-office", "parking", "platform",
    "stairs", "lift", "desk", "reception", "pool-deck", "outdoor", "crop-gallery",
)  # fmt: skip
"""What `place` of a camera may be."""

_PRIVATE: Final = "people undress, wash or sleep there, and no purpose outweighs that"
_CARE: Final = "people are treated, nursed or at prayer there"

FORBIDDEN: Final = {
    "hotel-room": _PRIVATE,
    "bedroom": _PRIVATE,
    "dormitory": _PRIVATE,
    "bathroom": _PRIVATE,
    "toilet": _PRIVATE,
    "changing-room": _PRIVATE,
    "fitting-room": _PRIVATE,
    "locker-room": _PRIVATE,
    "shower": _PRIVATE,
    "sauna": _PRIVATE,
    "massage-room": _PRIVATE,
    "nursing-room": _CARE,
    "baby-changing": _CARE,
    "medical-room": _CARE,
    "prayer-room": _CARE,
}
"""Kinds of place where cameras are refused, and why (after the Chinese measures on facial
recognition of 2025, article 13, and the UK ICO's guidance on video surveillance)."""

_WORDS: Final = {
    "hotel-room": "hotel room|guest room|zimmer|habitación|habitacion|chambre|客房",
    "bedroom": "bedroom|schlafzimmer|dormitorio|宿舍|卧室",
    "bathroom": "bathroom|badezimmer|salle de bain|cuarto de baño|浴室",
    "toilet": "toilets?|restrooms?|washrooms?|lavator(?:y|ies)|wc|loo|urinals?|toiletten?|"
    "toilettes?|aseos?|baños?|厕所|洗手间|卫生间",
    "changing-room": "changing rooms?|dressing rooms?|umkleiden?|umkleidekabinen?|vestuarios?|"
    "vestiaires?|更衣室",
    "fitting-room": "fitting rooms?|try-on|anprobe|probador(?:es)?|cabines? d'essayage|试衣间",
    "locker-room": "locker rooms?",
    "shower": "showers?|dusche[n]?|duchas?|douches?|淋浴",
    "sauna": "saunas?|桑拿",
    "nursing-room": "nursing rooms?|breastfeeding|stillraum|lactancia|allaitement|母婴室|哺乳室",
    "baby-changing": "baby[- ]changing|wickelraum|table à langer",
    "medical-room": "first[- ]aid room|medical room|sanitätsraum|infirmerie|enfermería|医务室",
    "prayer-room": "prayer rooms?|gebetsraum|salle de prière|sala de oración|祈祷室",
}
_BESIDE: Final = re.compile(
    r"\b(outside|near|next to|opposite|in front of|towards?|vor|neben|gegenüber|fuera|junto a|"
    r"frente a|devant|près de|en face)\b|外|旁|门口",
    re.IGNORECASE,
)


def forbidden_reason(place: str, name: str = "") -> str | None:
    """Say why a camera may not be at a place of this kind and name, or None if it may.

    The name counts too, so that a camera called "toilets 2" is not declared a corridor; one
    *outside* such a room is allowed.
    """
    if place in FORBIDDEN:
        return f"cameras are forbidden in a {place}: {FORBIDDEN[place]}"
    if _BESIDE.search(name):
        return None
    for kind, words in _WORDS.items():
        found = re.search(rf"(?<!\w)(?:{words})(?!\w)", name, re.IGNORECASE) or _chinese(
            words, name
        )
        if found:
            return (
                f"its name says {found.group(0)!r}: cameras are forbidden in a {kind} "
                f"({FORBIDDEN[kind]}); if it looks at what is outside, say so in its name"
            )
    return None


def _chinese(words: str, name: str) -> re.Match[str] | None:
    """Find the words written without spaces around them."""
    own = [word for word in words.split("|") if not word.isascii() and len(word) <= 4]
    own = [word for word in own if re.fullmatch(r"[\u4e00-\u9fff]+", word)]
    return re.search("|".join(own), name) if own else None
