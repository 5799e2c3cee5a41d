"""Options that several benchmarks share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", help="Folder of the data set.", show_default=False)]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
EmbedderPath = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        help="OpenVINO .xml, .onnx, TorchScript, module:function; default: the product's.",
    ),
]
OwnEmbedder = Annotated[
    str | None,
    typer.Option("--embedder", help="Folder of weights, or `regions`; by default the product's."),
]
Input = Annotated[
    str | None,
    typer.Option(
        "--input", help="Order of colours that --embedder takes, rgb or bgr; default: read from it."
    ),
]
Mean = Annotated[
    str | None,
    typer.Option(help="Taken off pixels first, like 0.485,0.456,0.406 (0–1) or of 0–255."),
]
Std = Annotated[str | None, typer.Option(help="Divided by next, in the same units.")]
Size = Annotated[str | None, typer.Option(help="WIDTHxHEIGHT, where the network leaves it free.")]
DetectorPath = Annotated[
    Path | None, typer.Option("--detector", help="YOLO weights (.pt) or an OpenVINO folder.")
]
HeadModel = Annotated[
    Path | None, typer.Option("--heads", help="A head or pose model asked for heads as well.")
]
Yunet = Annotated[
    Path | None, typer.Option(help="YuNet face detector (ONNX), asked where dlib finds none.")
]
Recogniser = Annotated[
    Path | None, typer.Option(help="ArcFace-type network (ONNX, 112 × 112), instead of dlib's.")
]
Films = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of films with their truth; default: the bundled demo."),
]


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go besides the terminal.

    Attributes:
        as_json: print JSON instead of tables.
        html: a page with plots.
        csv: one row a figure, with both ends of its interval.
        latex: tables for a paper.
        queries: one row a query, where a benchmark has single ones.
        save: a folder that keeps the result as JSON, under a name made of its command.
    """

    as_json: bool
    html: Path | None
    csv: Path | None
    latex: Path | None
    queries: Path | None
    save: Path | None
