"""`reid train`: one resumable command a model, the same on a CPU and a GPU."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from reid.console import complain, out

app = typer.Typer(no_args_is_help=True, help="Train the shipped models on synthetic people.")

Minutes = Annotated[float | None, typer.Option(help="Stop after so long; run again to go on.")]


@app.command()
def appearance(
    data: Annotated[list[Path], typer.Argument(help="Folders that `reid synth crops` wrote.")],
    checkpoint: Annotated[Path, typer.Option(help="Where the run is kept, and resumed from.")],
    steps: Annotated[
        int, typer.Option(min=1, help="Length of the whole run, in batches.")
    ] = 12_000,
    minutes: Minutes = None,
    seed: Annotated[int, typer.Option(help="Of everything drawn.")] = 0,
    more_people: Annotated[
        bool, typer.Option("--more-people", help="Go on with other people than before.")
    ] = False,
) -> None:
    """Train the appearance embedding, or go on where it stopped.

    Example: reid train appearance crops/ --checkpoint run.pt --minutes 9
    """
    import torch

    from reid.train.appearance import TrainConfig, Trainer
    from reid.train.data import load

    crops = load(data)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    trainer = Trainer(TrainConfig(steps=steps, seed=seed), crops, device)
    if checkpoint.is_file():
        trainer.resume(checkpoint, fresh_classes=more_people)
    out.print(
        f"{len(crops)} crops of {crops.identities} people, {device}, from step {trainer.step}",
        highlight=False,
    )
    begun, first = time.monotonic(), trainer.step

    def report(step: int, losses: dict[str, float]) -> None:
        if step % 50 and step != steps:
            return
        rate = (step - first) / (time.monotonic() - begun)
        shown = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        out.print(f"step {step}/{steps}  {rate:.2f}/s  {shown}", highlight=False, soft_wrap=True)
        sys.stdout.flush()
        if step % 500 == 0:
            trainer.save(checkpoint)

    try:
        trainer.train(minutes, report)
    except KeyboardInterrupt:
        complain("stopped; the checkpoint is saved", "note", "yellow")
    trainer.save(checkpoint)


@app.command()
def pack(
    checkpoint: Annotated[Path, typer.Argument(help="What `reid train appearance` wrote.")],
    held_out: Annotated[Path, typer.Option(help="Crops of the held-out domain.")],
    to: Annotated[Path, typer.Option(help="Folder of the packed model.")],
    model_id: Annotated[str, typer.Option(help="Names the model and its vector space.")],
) -> None:
    """Calibrate a trained embedding on the held-out domain, measure it, and pack it.

    Example: reid train pack run.pt --held-out unseen/ --to models/appearance --model-id app-1
    """
    from reid.train.evaluate import pack_and_measure

    measured = pack_and_measure(checkpoint, held_out, to, model_id)
    out.print_json(json.dumps(measured))
