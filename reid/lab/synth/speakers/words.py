"""What people call things: nouns, colours and turns of phrase, American and British.

An entry of a noun table is (words, varieties); a word that could mean two values of the vocabulary
stands in `AMBIGUOUS` with the values it may mean.
"""

# ruff: noqa: E501  (word lists read best by rows)

from typing import Final, Literal

Variety = Literal["us", "uk"]
Nouns = tuple[tuple[str, str], ...]
"""Noun, and "us", "uk" or "" for both."""

UPPER: Final[dict[str, Nouns]] = {
    "t-shirt": (("t-shirt", ""), ("tee", "us"), ("tee shirt", ""), ("T-shirt", "")),
    "shirt": (("shirt", ""), ("button-down shirt", "us"), ("button-up shirt", "us"), ("blouse", "")),
    "polo": (("polo shirt", ""), ("polo", "")),
    "sweater": (("sweater", ""), ("jumper", "uk"), ("pullover", ""), ("cardigan", ""), ("sweatshirt", "us")),
    "hoodie": (("hoodie", ""), ("hoody", "uk"), ("hooded sweatshirt", "us"), ("hooded top", "uk")),
    "jacket": (("jacket", ""), ("windbreaker", "us"), ("bomber jacket", ""), ("zip-up jacket", "")),
    "coat": (("coat", ""), ("overcoat", ""), ("winter coat", ""), ("long coat", "")),
    "vest": (("vest", "us"), ("tank top", "us"), ("gilet", "uk"), ("vest top", "uk"), ("sleeveless top", "")),
    "suit": (("suit", ""), ("business suit", "us"), ("suit jacket", "")),
    "dress": (("dress", ""), ("summer dress", ""), ("frock", "uk")),
    "costume": (("costume", ""), ("fancy-dress outfit", "uk"), ("character costume", ""), ("onesie", "")),
}  # fmt: skip

LOWER: Final[dict[str, Nouns]] = {
    "trousers": (("trousers", "uk"), ("pants", "us"), ("slacks", "us"), ("chinos", "")),
    "jeans": (("jeans", ""), ("denims", "uk"), ("jeans", "")),
    "leggings": (("leggings", ""), ("tights", "us"), ("yoga pants", "us")),
    "shorts": (("shorts", ""), ("shorts", "")),
    "skirt": (("skirt", ""), ("skirt", "")),
}

FEET: Final[dict[str, Nouns]] = {
    "sneakers": (("sneakers", "us"), ("trainers", "uk"), ("tennis shoes", "us"), ("running shoes", "")),
    "sandals": (("sandals", ""), ("flip-flops", ""), ("crocs", "")),
    "boots": (("boots", ""), ("wellies", "uk"), ("ankle boots", "")),
    "shoes": (("shoes", ""), ("dress shoes", "us"), ("leather shoes", "")),
}  # fmt: skip

HEAD: Final[dict[str, Nouns]] = {
    "cap": (("cap", ""), ("baseball cap", ""), ("ball cap", "us"), ("peaked cap", "uk")),
    "hat": (("hat", ""), ("sun hat", ""), ("woolly hat", "uk"), ("beanie", "")),
    "hood": (("hood up", ""), ("hood pulled up", "")),
    "helmet": (("helmet", ""), ("bike helmet", "")),
    "covering": (("head covering", ""), ("headscarf", "")),
}

CARRY: Final[dict[str, Nouns]] = {
    "backpack": (("backpack", ""), ("rucksack", "uk"), ("bag on the back", ""), ("knapsack", "us")),
    "shoulder-bag": (("shoulder bag", ""), ("crossbody bag", "us"), ("messenger bag", ""), ("satchel", "uk")),
    "handbag": (("handbag", "uk"), ("purse", "us"), ("handbag", "")),
    "plastic-bag": (("plastic bag", ""), ("carrier bag", "uk"), ("shopping bag", "")),
    "suitcase": (("suitcase", ""), ("rolling suitcase", "us"), ("wheelie case", "uk")),
    "umbrella": (("umbrella", ""), ("brolly", "uk")),
    "toy": (("soft toy", "uk"), ("stuffed animal", "us"), ("toy", ""), ("cuddly toy", "uk"), ("teddy", "")),
    "balloon": (("balloon", ""), ("balloon on a string", "")),
    "pushchair": (("pushchair", "uk"), ("stroller", "us"), ("buggy", "uk"), ("pram", "uk")),
}  # fmt: skip

PUSHED: Final = ("pushchair", "suitcase")
"""Carried things that are pushed or pulled."""

AMBIGUOUS: Final[dict[str, tuple[str, ...]]] = {
    "parka": ("jacket", "coat"), "anorak": ("jacket", "coat"), "raincoat": ("jacket", "coat"),
    "fleece": ("sweater", "jacket"),
}  # fmt: skip
"""Nouns of upper garments that mean either value."""

AMBIGUOUS_COLOURS: Final[dict[str, tuple[str, ...]]] = {
    "khaki": ("beige", "brown"), "tan": ("beige", "brown"), "cream": ("white", "beige"),
    "teal": ("green", "blue"), "turquoise": ("green", "blue"),
}  # fmt: skip

DARK_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "blue": ("navy", "navy blue", "dark blue"), "red": ("maroon", "burgundy", "dark red"),
    "green": ("dark green", "bottle green", "olive"), "grey": ("charcoal", "dark grey"),
    "brown": ("dark brown", "chocolate brown"), "purple": ("dark purple", "plum"),
    "pink": ("dark pink", "hot pink"), "orange": ("dark orange", "burnt orange"),
}  # fmt: skip
"""Names that say a colour and that it is dark."""

LIGHT_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "blue": ("light blue", "sky blue", "baby blue"), "green": ("light green", "mint green"),
    "grey": ("light grey", "pale grey"), "pink": ("light pink", "pale pink"),
    "yellow": ("pale yellow", "light yellow"), "purple": ("lilac", "lavender", "light purple"),
    "brown": ("light brown",), "orange": ("light orange",), "red": ("light red",),
}  # fmt: skip

PLAIN_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "multicolour": ("multicoloured", "colourful", "rainbow-coloured"), "black": ("black", "jet black"),
    "white": ("white", "white"), "orange": ("orange", "bright orange"), "red": ("red", "bright red"),
    "yellow": ("yellow", "bright yellow"), "pink": ("pink", "bright pink"),
    "blue": ("blue", "blue", "bright blue"), "green": ("green", "bright green"),
}  # fmt: skip
"""Names that say no more than the colour; missing: the colour's own name."""

PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "plain": ("plain",), "striped": ("striped", "stripy", "with stripes"),
    "plaid": ("plaid", "checked", "tartan", "checkered"),
    "spotted": ("spotted", "spotty", "polka-dot", "with polka dots"),
    "floral": ("floral", "flowery", "with flowers on it"),
    "graphic": ("with a picture on it", "with a logo on the front", "with a print on it"),
}  # fmt: skip

SLEEVES: Final[dict[str, tuple[str, ...]]] = {
    "none": ("sleeveless",), "short": ("short-sleeved", "short-sleeve"),
    "long": ("long-sleeved", "long-sleeve"),
}  # fmt: skip

HAIR_COLOURS: Final[dict[str, tuple[str, ...]]] = {
    "yellow": ("blonde", "blond", "fair"), "orange": ("ginger", "red"), "black": ("black",),
    "brown": ("brown",), "grey": ("grey", "greying"), "white": ("white",), "red": ("dyed red",),
    "blue": ("blue",), "pink": ("pink",), "purple": ("purple",), "green": ("green",),
}  # fmt: skip

BUILD: Final[dict[str, tuple[str, ...]]] = {
    "slim": ("slim", "skinny", "thin", "slender"),
    "medium": ("average build", "medium build", "normal build"),
    "heavy": ("heavyset", "stocky", "overweight", "big"),
}

HEIGHT: Final[dict[str, tuple[str, ...]]] = {
    "short": ("short", "quite short"), "medium": ("average height", "medium height"),
    "tall": ("tall", "quite tall"),
}  # fmt: skip

FEMALE: Final[dict[str, tuple[str, ...]]] = {
    "child": ("girl", "little girl", "young girl"), "teen": ("teenage girl", "teen girl"),
    "adult": ("woman", "lady", "female"), "older": ("elderly woman", "old lady", "older woman"),
}  # fmt: skip

MALE: Final[dict[str, tuple[str, ...]]] = {
    "child": ("boy", "little boy", "young boy"), "teen": ("teenage boy", "teen boy"),
    "adult": ("man", "guy", "male"), "older": ("elderly man", "old man", "older gentleman"),
}  # fmt: skip

NEUTRAL: Final[dict[str, tuple[str, ...]]] = {
    "child": ("child", "kid", "little one"), "teen": ("teenager", "teen"),
    "adult": ("adult", "grown-up"), "older": ("elderly person", "older person", "pensioner"),
}  # fmt: skip

RELATIONS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("child", "female"): ("my daughter", "my little girl", "my niece", "my granddaughter"),
    ("child", "male"): ("my son", "my little boy", "my nephew", "my grandson"),
    ("teen", "female"): ("my daughter", "my sister"), ("teen", "male"): ("my son", "my brother"),
    ("adult", "female"): ("my wife", "my sister", "my friend"),
    ("adult", "male"): ("my husband", "my brother", "my friend"),
    ("older", "female"): ("my mother", "my grandmother", "my mum"),
    ("older", "male"): ("my father", "my grandfather", "my dad"),
}  # fmt: skip
"""Who is missed, by (age band, sex)."""

REFUSED_REMARKS: Final[tuple[tuple[str, str], ...]] = (
    ("face", "blue eyes"), ("face", "freckles"), ("face", "a scar on the chin"),
    ("tattoo", "a tattoo on the arm"), ("emotion", "looked upset"), ("emotion", "was crying"),
    ("disability", "walks with a limp"), ("gait", "has a very bouncy walk"),
)  # fmt: skip
"""What speakers say and a search leaves out: kind of `vocabulary.REFUSED`, and the words."""

CONFUSED: Final[dict[str, tuple[str, ...]]] = {
    "black": ("blue", "grey", "brown"), "white": ("beige", "grey", "yellow"),
    "grey": ("black", "white", "blue"), "red": ("orange", "pink", "purple"),
    "orange": ("red", "yellow", "brown"), "yellow": ("orange", "beige", "green"),
    "green": ("blue", "brown", "black"), "blue": ("black", "purple", "green"),
    "purple": ("blue", "pink", "black"), "pink": ("red", "purple", "white"),
    "brown": ("black", "beige", "orange"), "beige": ("white", "brown", "grey"),
    "multicolour": ("red", "blue", "white"),
}  # fmt: skip
"""Colours that people confuse in memory."""
