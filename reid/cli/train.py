"""`reid train`: one resumable command a model, the same on a CPU and a GPU."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import typer

from reid.cli.console import complain, out

if TYPE_CHECKING:
    from torch import Tensor

    from reid.lab.train.net import NetConfig
    from reid.lab.train.run import Progress, Schedule

app = typer.Typer(no_args_is_help=True, help="Train the shipped models on synthetic people.")

_TOLD_EVERY: Final = 50  # steps
_KEPT_EVERY: Final = 250

Minutes = Annotated[float | None, typer.Option(help="Stop after so long; run again to go on.")]

Checkpoint = Annotated[Path, typer.Option(help="Where the run is kept, and resumed from.")]
Steps = Annotated[int, typer.Option(min=1, help="Length of the whole run, in batches.")]
Seed = Annotated[int, typer.Option(help="Of everything drawn.")]
Rate = Annotated[float, typer.Option(help="Highest learning rate.")]
Warmup = Annotated[int, typer.Option(help="Steps until it is reached.")]

Share = Annotated[float, typer.Option(min=0, max=1, help="Of those weights in the mean.")]

Anneal = Annotated[
    bool,
    typer.Option("--anneal", help="Let the learning rate fall to nothing as the minutes run out."),
]


@app.command()
def appearance(
    data: Annotated[list[Path], typer.Argument(help="Folders that `reid synth crops` wrote.")],
    checkpoint: Checkpoint,
    steps: Steps = 12_000,
    people: Annotated[int, typer.Option(min=4, help="People in a batch.")] = 24,
    blocks: Annotated[str, typer.Option(help="Residual blocks of the three stages.")] = "2,2,1",
    minutes: Minutes = None,
    seed: Seed = 0,
    more_people: Annotated[
        bool, typer.Option("--more-people", help="Go on with other people than before.")
    ] = False,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Packed folder whose weights to begin with; else fresh ones."),
    ] = None,
    twins: Annotated[int, typer.Option(min=0, help="Crops seen twice, with other skin.")] = 24,
    tint: Annotated[
        float, typer.Option(min=0, help="Most that a camera's cast does to blacks.")
    ] = 0.06,
    shade: Annotated[
        float, typer.Option(min=0, help="Most that light differs across a crop, logarithm.")
    ] = 0.35,
    cluster: Annotated[
        int, typer.Option(min=1, help="People alike who are drawn together; 1 = at random.")
    ] = 1,
    rate: Rate = 1.2e-3,
    warmup: Warmup = 300,
    anneal: Anneal = False,
) -> None:
    """Train the appearance embedding, or go on where it stopped.

    Example: reid train appearance crops/ --checkpoint run.pt --minutes 9
    """
    import torch

    from reid.lab.train.appearance import TrainConfig, Trainer
    from reid.lab.train.data import load

    crops = load(data)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = TrainConfig(
        steps=steps,
        people=people,
        cluster=cluster,
        skin_pairs=twins,
        tint=tint,
        shade=shade,
        rate=rate,
        warmup=warmup,
        seed=seed,
        net=_net(blocks),
    )
    trainer = Trainer(config, crops, device)
    if checkpoint.is_file():
        trainer.resume(checkpoint, fresh_classes=more_people)
    elif start is not None:
        trainer.begin_from(start)
    _tell(f"{len(crops)} crops of {crops.identities} people, {device}", trainer)
    _go(trainer, steps, minutes, checkpoint, anneal=anneal)


def _net(blocks: str) -> "NetConfig":
    from reid.lab.train.net import NetConfig

    try:
        first, second, third = (int(count) for count in blocks.split(","))
    except ValueError:
        raise typer.BadParameter(f"--blocks takes three numbers such as 2,2,1: {blocks}") from None
    return NetConfig(blocks=(first, second, third))


@app.command()
def detector(
    data: Annotated[list[Path], typer.Argument(help="Folders that `reid synth scenes` wrote.")],
    checkpoint: Checkpoint,
    steps: Steps = 20_000,
    batch: Annotated[int, typer.Option(min=1, help="Pictures in a batch.")] = 16,
    size: Annotated[int, typer.Option(min=64, help="Px of a picture's sides, by 32.")] = 384,
    minutes: Minutes = None,
    workers: Annotated[int, typer.Option(help="Processes that draw pictures; 0 = none.")] = 0,
    seed: Seed = 0,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Packed .pt weights to begin with; else fresh ones."),
    ] = None,
    rate: Rate = 2e-3,
    warmup: Warmup = 400,
    anneal: Anneal = False,
) -> None:
    """Train the person-head detector, or go on where it stopped.

    Example: reid train detector scenes/ --checkpoint detector.pt --minutes 9
    """
    import torch

    from reid.lab.train.detector import DetectorConfig, Trainer
    from reid.lab.train.scenes import load

    scenes = load(data)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = DetectorConfig(steps, batch, size, rate, warmup, seed=seed)
    trainer = Trainer(config, scenes, device, workers)
    if checkpoint.is_file():
        trainer.resume(checkpoint)
    elif start is not None:
        trainer.begin_from(start)
    _tell(f"{len(scenes.frames)} frames, {device}", trainer)
    _go(trainer, steps, minutes, checkpoint, anneal=anneal)


class _Run(Protocol):
    schedule: "Schedule"

    @property
    def step(self) -> int: ...
    def train(self, minutes: float | None, progress: "Progress") -> None: ...
    def save(self, path: Path) -> None: ...


def _tell(learnt_from: str, trainer: _Run) -> None:
    out.print(f"{learnt_from}, from step {trainer.step}", highlight=False)


def _go(
    trainer: _Run, steps: int, minutes: float | None, checkpoint: Path, *, anneal: bool
) -> None:
    """Train, telling the losses and keeping the run now and then."""
    if anneal:
        if minutes is None:
            raise typer.BadParameter("--anneal needs --minutes: say how long the run may take")
        trainer.schedule.within(minutes)
    begun, first = time.monotonic(), trainer.step

    def progress(step: int, losses: "dict[str, Tensor]") -> None:
        if step % _TOLD_EVERY and step != steps:
            return
        rate = (step - first) / (time.monotonic() - begun)
        shown = "  ".join(f"{name} {float(value):.3f}" for name, value in losses.items())
        out.print(f"step {step}/{steps}  {rate:.2f}/s  {shown}", highlight=False, soft_wrap=True)
        sys.stdout.flush()
        if step % _KEPT_EVERY == 0:
            trainer.save(checkpoint)

    try:
        trainer.train(minutes, progress)
    except KeyboardInterrupt:
        complain("stopped; the checkpoint is saved", "note", "yellow")
    trainer.save(checkpoint)


@app.command("pack-detector")
def pack_detector(
    checkpoint: Annotated[Path, typer.Argument(help="What `reid train detector` wrote.")],
    scenes: Annotated[Path, typer.Option(help="Scenes whose validation frames measure.")],
    to: Annotated[Path, typer.Option(help="Folder of the packed model.")],
    model_id: Annotated[str, typer.Option(help="Names the model.")],
    other: Annotated[
        Path | None,
        typer.Option("--mean-with", help="Packed .pt weights the run began from: pack the mean."),
    ] = None,
    share: Share = 0.5,
) -> None:
    """Export a trained detector for CPUs and GPUs, measure it, and pack it.

    Example: reid train pack-detector d.pt --scenes unseen/ --to models/person-head --model-id ph-1
    """
    from reid.lab.train.pack_detector import pack_detector as pack_it

    out.print_json(json.dumps(pack_it(checkpoint, scenes, to, model_id, other, share)))


@app.command()
def pack(
    checkpoints: Annotated[
        list[Path], typer.Argument(help="What `reid train appearance` wrote; of several the mean.")
    ],
    held_out: Annotated[Path, typer.Option(help="Crops of the held-out domain.")],
    to: Annotated[Path, typer.Option(help="Folder of the packed model.")],
    model_id: Annotated[str, typer.Option(help="Names the model and its vector space.")],
    pairs: Annotated[
        Path | None, typer.Option(help="Counterfactuals, `colour` among them; measured too.")
    ] = None,
    other: Annotated[
        Path | None,
        typer.Option("--mean-with", help="Packed folder the run began from: pack the mean."),
    ] = None,
    share: Share = 0.5,
) -> None:
    """Calibrate a trained embedding on the held-out domain, measure it, and pack it.

    Example: reid train pack run.pt --held-out unseen/ --to models/appearance --model-id app-1
    """
    from reid.lab.train.evaluate import Mixed, pack_and_measure

    mixed = Mixed(other, share) if other else None
    measured = pack_and_measure(checkpoints, held_out, to, model_id, pairs, mixed)
    out.print_json(json.dumps(measured))
