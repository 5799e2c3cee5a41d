"""How long ago somebody was last seen, and where, as people say it."""

import pytest

from reid.describe import describe, minutes_ago

AGO = {
    "en": {
        "red hoodie, last seen 20 minutes ago at the carousel": 20,
        "she was by the fountain about ten minutes ago, blue dress": 10,
        "boy, green cap, half an hour ago near the exit": 30,
        "a quarter of an hour ago at the big wheel, white shirt": 15,
        "an hour ago at the entrance, black trousers": 60,
        "just now by the toilets, yellow coat": 0,
        "twenty five minutes ago, red jacket": 25,
        "five or ten mins ago at gate 2, pink skirt": 10,
        "a couple of minutes ago, grey hoodie": 2,
        "an hour and a half ago in the restaurant, blue jeans": 90,
        "two hours ago at the car park, brown boots": 120,
        "this morning at the pool, red shorts": None,
        "a while ago, orange vest": None,
    },
    "de": {
        "roter Pulli, vor 20 Minuten am Karussell": 20,
        "blaues Kleid, vor etwa zehn Minuten am Brunnen": 10,
        "grüne Mütze, vor einer halben Stunde am Ausgang": 30,
        "weißes Hemd, vor einer Viertelstunde am Riesenrad": 15,
        "schwarze Hose, vor einer Stunde am Eingang": 60,
        "gelber Mantel, gerade eben bei den Toiletten": 0,
        "rote Jacke, vor fünfundzwanzig Minuten": 25,
        "rosa Rock, vor fünf oder zehn Minuten an der Kasse": 10,
        "grauer Pulli, vor ein paar Minuten": 5,
        "blaue Jeans, vor anderthalb Stunden im Restaurant": 90,
        "braune Stiefel, vor zwei Stunden auf dem Parkplatz": 120,
        "rote Shorts, heute Morgen im Schwimmbad": None,
        "orange Weste, vorhin am Eisstand": None,
    },
    "fr": {
        "pull rouge, il y a 20 minutes au manège": 20,
        "robe bleue, il y a environ dix minutes près de la fontaine": 10,
        "casquette verte, il y a une demi-heure à la sortie": 30,
        "chemise blanche, il y a un quart d'heure à la grande roue": 15,
        "pantalon noir, il y a une heure à l'entrée": 60,
        "manteau jaune, à l'instant aux toilettes": 0,
        "veste rouge, il y a vingt-cinq minutes": 25,
        "jupe rose, il y a cinq ou dix minutes au guichet": 10,
        "pull gris, il y a quelques minutes": 5,
        "jean bleu, il y a une heure et demie au restaurant": 90,
        "bottes marron, il y a deux heures au parking": 120,
        "short rouge, ce matin à la piscine": None,
        "gilet orange, tout à l'heure": None,
    },
    "es": {
        "sudadera roja, hace 20 minutos en el tiovivo": 20,
        "vestido azul, hace unos diez minutos en la fuente": 10,
        "gorra verde, hace media hora en la salida": 30,
        "camisa blanca, hace un cuarto de hora en la noria": 15,
        "pantalón negro, hace una hora en la entrada": 60,
        "abrigo amarillo, ahora mismo en los baños": 0,
        "chaqueta roja, hace veinticinco minutos": 25,
        "falda rosa, hace cinco o diez minutos en la taquilla": 10,
        "sudadera gris, hace un par de minutos": 2,
        "vaqueros azules, hace una hora y media en el restaurante": 90,
        "botas marrones, hace dos horas en el aparcamiento": 120,
        "pantalón corto rojo, esta mañana en la piscina": None,
        "chaleco naranja, hace un rato": None,
    },
    "zh": {
        "红色连帽衫，20分钟前在旋转木马": 20,
        "蓝裙子，大约十分钟前在喷泉": 10,
        "绿帽子，半小时前在出口": 30,
        "白衬衫，一刻钟前在摩天轮": 15,
        "黑裤子，一小时前在入口": 60,
        "黄外套，刚才在厕所": 0,
        "红夹克，二十五分钟前": 25,
        "灰色卫衣，几分钟前": 5,
        "蓝色牛仔裤，一个半小时前在餐厅": 90,
        "棕色靴子，两小时前在停车场": 120,
        "红短裤，今天上午在游泳池": None,
    },
}
CASES = [(code, text, value) for code, said in AGO.items() for text, value in said.items()]


@pytest.mark.parametrize(("language", "text", "minutes"), CASES, ids=[text for _, text, _ in CASES])
def test_how_long_ago(language: str, text: str, minutes: float | None) -> None:
    query = describe(text, language)
    assert query.last_seen_time is not None
    assert minutes_ago(query.last_seen_time, language) == minutes
    assert query.wishes, "and the clothes are read all the same"


@pytest.mark.parametrize("said", ["14:20", "", "ago", "minutes", "vor", "9" * 5000, "前" * 3000])
def test_what_is_no_time_ago(said: str) -> None:
    for language in AGO:
        assert minutes_ago(said, language) is None


PLACES = {
    "en": "red hoodie, at {}|blue dress, near {}, 10 minutes ago|last seen at {}, green cap"
    "#the carousel|the entrance|the lost property office|gate 3|the ghost train",
    "de": "roter Pulli, am {}|blaues Kleid, beim {} vor 10 Minuten|zuletzt am {} gesehen, Mütze"
    "#Karussell|Eingang|Streichelzoo|Tor 3|Kassenhäuschen",
    "fr": "pull rouge, au {}|robe bleue, près du {} il y a 10 minutes|vu au {}, casquette"
    "#manège|portail|guichet|parking|toboggan",
    "es": "sudadera roja, en el {}|vestido azul, cerca del {} hace 10 minutos|visto en el {}, gorra"
    "#tiovivo|tobogán|carrusel|aparcamiento|escenario",
    "zh": "红色连帽衫，在{}|蓝裙子，10分钟前在{}|最后在{}看到，戴帽子"
    "#旋转木马|入口|停车场|喷泉|售票处",
}


@pytest.mark.parametrize("language", PLACES)
def test_where(language: str) -> None:
    forms, places = (part.split("|") for part in PLACES[language].split("#"))
    for form in forms:
        for place in places:
            query = describe(form.format(place), language)
            assert place in (query.last_seen_place or ""), form.format(place)
            assert not query.unparsed, (form.format(place), query.unparsed)


@pytest.mark.parametrize("text", ["vue à l'entrée, robe bleue", "à l'entrée principale, pull vert"])
def test_an_elided_place(text: str) -> None:
    assert "entrée" in (describe(text, "fr").last_seen_place or "")
