"""What a purpose does not allow is left out of a query, of companions' descriptions too."""

from reid.core.records import Companion, Query, Wish
from reid.desk.parsed_description import allowed
from reid.desk.policy import load_policy
from tests.venues import write_rules

COAT, WOMAN = Wish("upper.type", "coat"), Wish("body.sex", "female")


def test_body_traits_of_companions_are_withheld_as_the_person_s(tmp_path) -> None:
    purposes = load_policy(write_rules(tmp_path / "venue")).purposes
    query = Query("", (COAT,), (Companion("a woman in a coat", (COAT, WOMAN)),))
    kept, withheld = allowed(query, purposes["lost-bag"])
    assert withheld == ("body.sex",)
    assert [one.wishes for one in kept.companions] == [(COAT,)]
    assert allowed(query, purposes["missing-child"]) == (query, ())
