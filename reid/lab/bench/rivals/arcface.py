"""Any face network of ArcFace's kind (112 × 112 px in, one vector out), by path."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError
from reid.core.pixels import Image
from reid.lab.bench.rivals.dlib_faces import Float, load_yunet
from reid.lab.bench.rivals.extractors import read_openvino, unit

SIDE: Final = 112

TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]],
    np.float32,
)  # fmt: skip
"""Where eyes, nose and corners of the mouth go (Deng et al. 2019, InsightFace's 112 × 112)."""

_SEARCH_HEIGHT: Final = 120.0  # px: a face is enlarged to this before it is looked for
_MARGIN: Final = 0.1  # of a face's box, added all round where there are no landmarks


class ArcFace:
    """A face network in ONNX or OpenVINO's format, with a detector that finds the face.

    With YuNet the face is aligned by its five landmarks, as such networks are trained; with dlib's
    detector alone it is simply cropped.

    Args:
        path: the network; RGB in [-1, 1], 3 × 112 × 112.
        yunet: ONNX file of OpenCV's YuNet detector; without it dlib's is used.

    Raises:
        ModelError: a file is missing, damaged or of another kind, or no detector is there.
    """

    def __init__(self, path: Path, yunet: Path | None = None) -> None:
        if not path.is_file():
            raise ModelError(f"{path} does not exist: name a face network with --recogniser")
        self.files = {"network": path}
        self._network = read_openvino(path, (SIDE, SIDE))
        self._yunet: Any = None
        self._hog: Any = None
        if yunet is not None:
            self.files["yunet"] = yunet
            self._yunet = load_yunet(yunet)
        else:
            self._hog = _hog()
        self.model_id = f"{path.stem}+{'yunet' if yunet else 'hog'}"

    def vectors(self, images: Sequence[Image], face_height: float) -> tuple[Float, NDArray[Any]]:
        """Describe the face in each image; as `FaceRecogniser.vectors`."""
        chips = [self.chip(image, face_height) for image in images]
        found = np.array([chip is not None for chip in chips], bool)
        rows = [_embedded(self._network, chip) for chip in chips if chip is not None]
        vectors = np.zeros((len(images), len(rows[0]) if rows else 1))
        if rows:
            vectors[found] = np.stack(rows)
        return unit(vectors).astype(np.float64), found

    def chip(self, image: Image, face_height: float) -> Image | None:
        """Return the face in uint8 RGB, (112, 112, 3), or None where none is found."""
        scale = _SEARCH_HEIGHT / face_height
        grown = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        large: Image = np.ascontiguousarray(grown).astype(np.uint8)
        return self._aligned(large) if self._yunet is not None else self._cropped(large)

    def _aligned(self, image: Image) -> Image | None:
        self._yunet.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self._yunet.detect(np.ascontiguousarray(image[..., ::-1]))
        if faces is None:
            return None
        best = faces[int(np.argmax(faces[:, -1]))]
        matrix = similarity(np.asarray(best[4:14], np.float32).reshape(5, 2), TEMPLATE)
        return np.asarray(cv2.warpAffine(image, matrix, (SIDE, SIDE)), np.uint8)

    def _cropped(self, image: Image) -> Image | None:
        boxes, scores, _ = self._hog.run(image, 0, 0.0)
        if not len(boxes):
            return None
        box = boxes[int(np.argmax(scores))]
        grow = round(_MARGIN * box.height())
        top, left = max(0, box.top() - grow), max(0, box.left() - grow)
        face = image[top : box.bottom() + grow, left : box.right() + grow]
        return np.asarray(cv2.resize(face, (SIDE, SIDE)), np.uint8)


def similarity(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the rotation, scale and shift (2, 3) that best takes points (P, 2) to others.

    Least squares over a, b, x, y of [[a, -b, x], [b, a, y]] (Umeyama 1991, without reflection).
    """
    one, zero = np.ones(len(source)), np.zeros(len(source))
    x, y = source[:, 0], source[:, 1]
    across = np.stack([x, -y, one, zero], axis=1)
    down = np.stack([y, x, zero, one], axis=1)
    wanted = np.concatenate([target[:, 0], target[:, 1]])
    a, b, right, low = np.linalg.lstsq(np.concatenate([across, down]), wanted, rcond=None)[0]
    return np.array([[a, -b, right], [b, a, low]], np.float64)


def _embedded(network: Any, chip: Image) -> NDArray[np.float32]:
    scaled = (chip.astype(np.float32) - 127.5) / 127.5
    batch = np.ascontiguousarray(scaled.transpose(2, 0, 1))[None]
    return np.array(network(batch)[0], np.float32).ravel()


def _hog() -> Any:
    try:
        import dlib
    except ImportError:
        raise ModelError(
            "faces must be found first: name a detector with --yunet, or "
            "pip install 'dlib-bin>=19.24'"
        ) from None
    return dlib.get_frontal_face_detector()
