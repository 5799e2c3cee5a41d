"""A small embedding that knows nothing, packed as `reid train pack` does; and crops to learn."""

from pathlib import Path

import numpy as np
import torch

from reid.lab.train import export
from reid.lab.train.adapt import TrackCrops
from reid.lab.train.net import AppearanceNet, NetConfig
from reid.lab.train.pack_appearance import Packed, converted, write
from reid.lab.train.pseudo_labels import Tracks

NET = NetConfig((8, 8, 16, 24), (1, 2, 1), (2, 2, 1), 16, 64, 32)
UNKNOWN = "head.type=cap"


def small_embedding(folder: Path, model_id: str = "small-1") -> Path:
    """Pack a network of `NET`'s sizes whose every number is one that packing keeps."""
    torch.manual_seed(2)
    net = AppearanceNet(NET)
    with torch.no_grad():
        for parameter in net.parameters():  # what is exactly 1 or 0 is left out when it is packed
            parameter.add_(0.05 * torch.randn_like(parameter))
        for _ in range(8):  # its norms count
            net(torch.rand(32, 3, 64, 32))
    columns = (net.attributes.out_features, net.body.out_features)
    plain = [
        export.Calibration(np.full(k, 2, np.float32), np.ones(k, np.float32), np.ones(k, bool))
        for k in columns
    ]
    write(converted(Packed(net.eval(), *plain)), folder, model_id, [UNKNOWN])
    return folder


def figures(people: int = 8, cameras: int = 2, views: int = 3) -> TrackCrops:
    """Everybody walks past every camera, in two colours of their own; cameras differ in light."""
    random = np.random.default_rng(3)
    colours = random.integers(30, 226, (people, 2, 3))
    images, track = [], []
    for camera in range(cameras):
        for person in range(people):
            for _ in range(views):
                image = np.full((64, 32, 3), 170.0)
                image[14:34, 8:24], image[34:60, 9:23] = colours[person]
                image = image * (1 - 0.25 * camera) + random.normal(0, 5, image.shape)
                images.append(np.clip(image, 0, 255).astype(np.uint8))
                track.append(camera * people + person)
    camera = np.repeat(np.arange(cameras), people)
    begin = 10.0 * np.tile(np.arange(people), cameras)
    return TrackCrops(np.stack(images), np.array(track), Tracks(camera, begin, begin + 4))
