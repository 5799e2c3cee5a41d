"""What figures of a result are made of: frozen models, and numbers rounded as they are printed."""

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


class Figures(BaseModel):
    """Figures that belong together; `model_dump(mode="json")` is their JSON, which it reads again.

    Numbers are rounded when a model is made, so a result read from JSON equals the one written.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


def _to(digits: int) -> AfterValidator:
    return AfterValidator(lambda value: round(value, digits))


def _defined(value: object) -> object:
    """Return None for a figure that is not defined (NaN), else the figure."""
    return None if isinstance(value, float) and math.isnan(value) else value


OneDigit = Annotated[float, _to(1)]
TwoDigits = Annotated[float, _to(2)]
ThreeDigits = Annotated[float, _to(3)]
FourDigits = Annotated[float, _to(4)]
FiveDigits = Annotated[float, _to(5)]

Fraction = FourDigits
"""A share, probability or rate in [0, 1]."""

MaybeFraction = Annotated[Fraction | None, BeforeValidator(_defined)]
"""A fraction; None, also for NaN, where it is not defined."""

Ends = tuple[Fraction, Fraction]
"""Both ends of a 95 % interval."""
