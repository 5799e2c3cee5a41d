"""The benchmarks. A new one is one file beside this one, and one row here."""

from importlib import import_module
from typing import Final

from reid.lab.bench.report.result import Result

BENCHMARKS: Final = {
    "retrieval": "RetrievalResult",
    "adapt": "AdaptResult",
    "description": "DescriptionResult",
    "ranking": "RankingResult",
    "evidence": "EvidenceResult",
    "absent": "AbsentResult",
    "photo": "PhotoResult",
    "agreement": "AgreementResult",
    "attributes": "AttributeResult",
    "detection": "DetectionResult",
    "tracking": "TrackingResult",
    "venue": "VenueResult",
    "faces": "FacesResult",
    "privacy": "PrivacyResult",
    "privacy-cost": "PrivacyCostResult",
    "fairness": "FairnessResult",
    "speed": "SpeedResult",
    "scale": "ScaleResult",
}
"""Benchmark → its result in the file of its name: question, figures, tables and plots."""


def result_type(benchmark: str) -> type[Result]:
    """Return the type of a benchmark's result; loads only what this benchmark needs.

    Raises:
        KeyError: there is no such benchmark.
    """
    module = import_module(f"reid.lab.bench.{benchmark.replace('-', '_')}")
    result: type[Result] = getattr(module, BENCHMARKS[benchmark])
    return result
