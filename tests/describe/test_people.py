"""Who is spoken of, and which thing is meant: the sentences around the clothes."""

import pytest

from reid.describe import describe

Wishes = set[tuple[str, object]]


def said(text: str) -> Wishes:
    return {(w.slot, w.value) for w in describe(text).wishes if not w.negated}


def theirs(text: str) -> list[Wishes]:
    return [{(w.slot, w.value) for w in c.wishes} for c in describe(text).companions]


def test_one_whose_hand_is_held_is_a_companion() -> None:
    text = "she was holding her grandad's hand, he's got a brown cap, she's in a white dress"
    assert ("head.colour", "brown") in theirs(text)[0]
    assert said(text) == {
        ("upper.type", "dress"),
        ("upper.colour", "white"),
        ("body.sex", "female"),
    }


def test_a_bag_that_is_somebodys_is_no_companion() -> None:
    assert theirs("carrying her mum's bag") == []


def test_who_speaks_is_not_spoken_of() -> None:
    assert ("body.sex", "female") not in said("mum says a blue T-shirt")
    assert theirs("mum says a blue T-shirt") == []


def test_and_wore_goes_back_to_the_one_sought() -> None:
    text = "She was with a man in a grey hoodie and wore a black jacket"
    assert ("upper.type", "jacket") in said(text)
    assert ("upper.type", "hoodie") in theirs(text)[0]


def test_and_wears_after_who_stays_with_the_companion() -> None:
    text = "a boy with a woman who has a red hat and wears a green coat"
    assert ("upper.colour", "green") in theirs(text)[0]
    assert ("upper.colour", "green") not in said(text)


@pytest.mark.parametrize(
    ("text", "other", "own"),
    [
        ("boy in a red hoodie, not the one in green, blue jeans", "green", "blue"),
        ("un niño, no el de rojo, con chaqueta azul", "red", "blue"),
        ("le garçon en bleu, pas celui en rouge", "red", "blue"),
    ],
)
def test_one_who_is_not_meant_leaves_nothing(text: str, other: str, own: str) -> None:
    values = {value for _, value in said(text)}
    assert own in values
    assert other not in values


def test_a_thing_named_again_is_the_same_thing() -> None:
    assert said("green bag, black coat, the bag is on her back") == {
        ("carry.backpack", "present"),
        ("carry.backpack.colour", "green"),
        ("upper.type", "coat"),
        ("upper.colour", "black"),
        ("body.sex", "female"),
    }


def test_as_well_repeats_what_a_thing_is_like() -> None:
    assert ("neck.colour", "blue") in said("his coat is blue, the scarf as well")
    assert ("lower.colour", "red") not in said("a red scarf, she has trousers as well")


def test_a_coat_not_worn_over_a_fleece_is_an_outer_one() -> None:
    denied = {(w.slot, w.value) for w in describe("a blue fleece, no coat").wishes if w.negated}
    assert denied == {("outer.type", "coat")}


def test_a_big_man_is_heavy_and_a_big_brother_is_not() -> None:
    assert ("body.build", "heavy") in said("a big bloke in a suit")
    assert ("body.build", "heavy") not in said("big brother of six, a big red coat")


def test_a_second_colour_after_with() -> None:
    colours = {value for slot, value in said("white shirt with red, blue jeans") if "upper" in slot}
    assert colours == {"shirt", "white", "red"}


def test_le_pantalon_is_no_man() -> None:
    text = "le pantalon n'était pas noir, il était marron"
    assert said(text) == {("lower.type", "trousers"), ("lower.colour", "brown")}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("él iba de la mano de una mujer con abrigo verde, él mismo lleva un polo azul", "polo"),
        ("il est avec une dame en manteau vert, lui-même porte un polo bleu", "polo"),
        ("er ging mit einer Frau in grünem Mantel, er selbst trägt ein blaues Poloshirt", "polo"),
        ("他牵着一个穿绿色夹克的女人，自己穿条纹T恤", "t-shirt"),
    ],
)
def test_himself_is_the_one_sought(text: str, own: str) -> None:
    assert ("upper.type", own) in said(text)
    assert ("upper.colour", "green") not in said(text)


@pytest.mark.parametrize(
    "text", ["a black top with white writing", "un pull noir avec une inscription blanche",
             "una camiseta negra con letras blancas"],
)  # fmt: skip
def test_the_colour_of_letters_is_not_the_garments(text: str) -> None:
    assert {value for slot, value in said(text) if slot == "upper.colour"} == {"black"}


def test_an_article_that_lost_its_vowel_is_a_word_of_its_own() -> None:
    assert said("l'écharpe est rouge") == {("neck.type", "scarf"), ("neck.colour", "red")}


def test_the_shade_of_a_colour_said_after_its_thing() -> None:
    for text in (
        "the coat's dark green, or it could be brown",
        "jacket dark green, jeans light blue",
    ):
        shades = {(w.value, w.modifier) for w in describe(text).wishes if w.modifier}
        assert ("green", "dark") in shades, text


@pytest.mark.parametrize(
    ("text", "own", "other"),
    [
        ("he had a yellow coat, his mate a green one", "yellow", "green"),
        ("er hatte einen gelben Mantel, sein Freund einen grünen", "yellow", "green"),
        ("il avait un manteau jaune et son ami un vert", "yellow", "green"),
        ("my husband has the green rucksack, my son the blue one", "blue", "green"),
        ("ma femme a le sac à dos rouge, ma fille le bleu", "blue", "red"),
        ("dad's jacket is green, the boy has a red cap", "red", "green"),
        ("his sister's hat is yellow, his is black", "black", "yellow"),
        ("the jacket belongs to his dad and is his; the boy has a red cap", "red", "blue"),
        ("the girl next to the woman in the white dress has a purple top", "purple", "white"),
        ("la fille à côté de la femme en robe blanche a un t-shirt violet", "purple", "white"),
        ("I saw a man in a green jacket, my son is in a red jacket", "red", "green"),
        ("我看到一个穿绿色夹克的男人，我儿子穿红色夹克", "red", "green"),
        ("la madre lleva una falda roja, el niño lleva una chaqueta verde", "green", "red"),
        ("die Mutter trägt einen roten Rock, das Kind hat eine grüne Jacke", "green", "red"),
        ("seine Schwester hat den gelben Mantel, er ist in Blau", "blue", "yellow"),
        ("她妈妈穿白色，她穿黄色", "yellow", "white"),
        ("the man has a blue shirt, the girl we want has a red skirt", "red", "blue"),
        ("boy, red cap; the friend with him, black cap", "red", "black"),
        ("the mum has a green coat, the daughter has a red coat", "red", "green"),
        ("die Mutter hat einen grünen Mantel, die Tochter einen roten Mantel", "red", "green"),
        ("妈妈穿绿色大衣，女儿穿红色大衣", "red", "green"),
        ("girl with a blue bag, her friend's bag is pink", "blue", "pink"),
        ("Mädchen mit blauer Tasche, die Tasche ihrer Freundin ist rosa", "blue", "pink"),
        ("niña con bolsa azul, la bolsa de su amiga es rosa", "blue", "pink"),
        ("fillette avec un sac bleu, le sac de son amie est rose", "blue", "pink"),
        ("女孩背蓝色书包，她朋友的书包是粉色的", "blue", "pink"),
        ("mit ihrer Oma (grauer Mantel), sie hat einen rosa Mantel", "pink", "grey"),
        ("con su abuela (abrigo gris), ella lleva un abrigo rosa", "pink", "grey"),
        ("和奶奶在一起，奶奶穿灰色大衣，她穿粉色大衣", "pink", "grey"),
        ("su profesor llevaba un jersey rojo y él uno gris", "grey", "red"),
        ("elle tient la main d'un garçon en vert et porte une robe blanche", "white", "green"),
        ("our girl is the one in yellow, the other one is in blue", "yellow", "blue"),
        ("sie hat den roten Mantel ausgezogen und trägt nur noch eine blaue Jacke", "blue", "red"),
    ],
)
def test_a_colour_stays_with_whom_it_was_said_of(text: str, own: str, other: str) -> None:
    colours = {value for slot, value in said(text) if slot.endswith("colour")}
    assert own in colours
    assert other not in colours


def test_two_companions_keep_a_colour_each() -> None:
    mother, father = theirs("she is in yellow, her mother in white and her father in black")
    assert ("upper.colour", "white") in mother
    assert ("upper.colour", "black") in father
