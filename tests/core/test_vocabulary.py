"""The vocabulary is the one that was agreed, and its columns name every estimated value once."""

from reid.core import vocabulary as v


def test_columns_name_each_value_once() -> None:
    columns = v.ATTRIBUTE_COLUMNS + v.BODY_COLUMNS
    assert len(columns) == len(set(columns))
    expected = {(s.name, value) for s in v.SLOTS.values() for value in s.values}
    assert set(columns) == {(s, x) for s, x in expected if s not in v.NEVER_ESTIMATED}


def test_body_derived_slots_have_columns_of_their_own() -> None:
    assert {c.slot.split(".")[0] for c in v.BODY_COLUMNS} == {"hair", "body"}
    assert not any(v.SLOTS[c.slot].body_derived for c in v.ATTRIBUTE_COLUMNS)


def test_every_slot_is_read_from_a_known_part() -> None:
    assert {slot.part for slot in v.SLOTS.values()} <= set(v.PARTS)


def test_values() -> None:
    assert v.is_valid("upper.colour", "red")
    assert not v.is_valid("upper.colour", "navy")
    assert v.is_valid("carry.backpack", "present")
    assert v.is_valid("body.age_years", 6)
    assert not v.is_valid("body.age_years", 200)
    assert not v.is_valid("skin", "any")


def test_age_bands() -> None:
    bands = [v.age_band(years) for years in (0, 12, 12.9, 13, 19, 20, 59, 60, 110)]
    assert bands == ["child"] * 3 + ["teen"] * 2 + ["adult"] * 2 + ["older"] * 2
