"""A benchmark's result: typed figures, the question they answer, and how they are shown."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from pydantic import (
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    SkipValidation,
    model_serializer,
)

from reid.lab.bench.metrics.figures import Figures
from reid.lab.bench.report.plots import Plot
from reid.lab.bench.report.record import Record
from reid.lab.bench.report.tables import Table


class Result(Figures, ABC):
    """What a benchmark found. Subclasses add figures as fields.

    Attributes:
        question: what the benchmark answers, in one sentence.
        run: how it was measured.
        queries: a row a query, where there are such; not part of the JSON.
    """

    question: ClassVar[str]

    run: Record
    queries: SkipValidation[Table | None] = Field(default=None, exclude=True, repr=False)

    @abstractmethod
    def tables(self) -> list[Table]:
        """Return what the terminal and the report show."""

    def headline(self) -> str:
        """Return the figures that README shows, in one line; "" where it shows none."""
        return ""

    def plots(self) -> list[Plot]:
        """Return what the report draws."""
        return []

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as JSON; `model_validate` reads it again."""
        return self.model_dump(mode="json")

    @model_serializer(mode="wrap")
    def _run_last(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Put the record, which is long, behind the figures."""
        fields = handler(self)
        return {
            **{name: value for name, value in fields.items() if name != "run"},
            "run": fields["run"],
        }
