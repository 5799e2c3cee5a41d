"""A real face recogniser as the rival: dlib's detector, landmarks and ResNet, offline by path."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError
from reid.core.pixels import Image
from reid.lab.bench.rivals.extractors import unit

Float = NDArray[np.float64]

DIM: Final = 128
_LANDMARKS: Final = "shape_predictor_5_face_landmarks.dat"
_NETWORK: Final = "dlib_face_recognition_resnet_model_v1.dat"
_SEARCH_HEIGHT: Final = 150.0  # px: a face is enlarged to this before it is looked for
_CHIP: Final = 150  # px
_BATCH: Final = 16
_YUNET_SCORE: Final = 0.5
_INSTALL: Final = "pip install 'dlib-bin>=19.24' 'face-recognition-models>=0.3'"


class FaceMethod(Protocol):
    """Finds the face in an image and describes it.

    Attributes:
        model_id: names detector and network.
        files: what they were read from.
    """

    model_id: str
    files: dict[str, Path]

    def vectors(self, images: Sequence[Image], face_height: float) -> tuple[Float, NDArray[Any]]:
        """Return unit vectors (N, D), zero where no face was found, and whether one was (N,)."""
        ...


class FaceRecogniser:
    """Finds the face in an image and describes it (King 2017: 99.38 % on LFW).

    Faces are looked for by dlib's HOG detector and, where given, by YuNet, after enlarging the
    image so that a face of the expected height is comfortably large.

    Args:
        yunet: ONNX file of OpenCV's YuNet detector, asked where HOG finds nothing.

    Raises:
        ModelError: dlib or its models are not installed, or a file is damaged.
    """

    def __init__(self, yunet: Path | None = None) -> None:
        dlib = _dlib()
        folder = models_folder()
        self.files = {"landmarks": folder / _LANDMARKS, "network": folder / _NETWORK}
        self._dlib = dlib
        self._hog: Any = dlib.get_frontal_face_detector()
        try:
            self._landmarks: Any = dlib.shape_predictor(str(self.files["landmarks"]))
            self._network: Any = dlib.face_recognition_model_v1(str(self.files["network"]))
        except RuntimeError as error:
            raise ModelError(f"{folder}: {' '.join(str(error).split())}; {_INSTALL}") from None
        self._yunet: Any = None
        if yunet is not None:
            self.files["yunet"] = yunet
            self._yunet = load_yunet(yunet)
        self.model_id = "dlib-resnet-v1" + ("+yunet" if yunet else "")

    def vectors(self, images: Sequence[Image], face_height: float) -> tuple[Float, NDArray[Any]]:
        """Describe the face in each image.

        Args:
            images: uint8 RGB, each with one person.
            face_height: how tall a face is expected to be, px.

        Returns:
            Unit vectors (N, 128), zero where no face was found, and whether one was (N,). dlib
            compares by Euclidean distance; its vectors have nearly equal length, so cosine orders
            alike.
        """
        chips = [self._chip(image, face_height) for image in images]
        found = np.array([chip is not None for chip in chips], bool)
        vectors = np.zeros((len(images), DIM))
        rows = np.flatnonzero(found)
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            batch = [chips[int(i)] for i in some]
            vectors[some] = np.array(self._network.compute_face_descriptor(batch, 0))
        return unit(vectors).astype(np.float64), found

    def _chip(self, image: Image, face_height: float) -> Image | None:
        scale = _SEARCH_HEIGHT / face_height
        grown = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        large: Image = np.ascontiguousarray(grown).astype(np.uint8)
        box = self._find(large)
        if box is None:
            return None
        shape = self._landmarks(large, box)
        return np.asarray(self._dlib.get_face_chip(large, shape, _CHIP), np.uint8)

    def _find(self, image: Image) -> Any:
        """Return the most confident face as dlib's rectangle, or None."""
        boxes, scores, _ = self._hog.run(image, 0, 0.0)
        if len(boxes):
            return boxes[int(np.argmax(scores))]
        if self._yunet is None:
            return None
        self._yunet.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self._yunet.detect(np.ascontiguousarray(image[..., ::-1]))
        if faces is None:
            return None
        x, y, w, h = faces[int(np.argmax(faces[:, -1])), :4].tolist()
        return self._dlib.rectangle(int(x), int(y + 0.1 * h), int(x + w), int(y + h))


def models_folder() -> Path:
    """Return where face-recognition-models keeps its files.

    They are found by path: importing that package needs `pkg_resources`, gone from setuptools.

    Raises:
        ModelError: it is not installed.
    """
    found = importlib.util.find_spec("face_recognition_models")
    if found is None or not found.submodule_search_locations:
        raise ModelError(f"the face recogniser's models are not installed: {_INSTALL}")
    return Path(next(iter(found.submodule_search_locations))) / "models"


def _dlib() -> Any:
    try:
        import dlib
    except ImportError:
        raise ModelError(f"the face recogniser needs dlib: {_INSTALL}") from None
    return dlib


def load_yunet(path: Path) -> Any:
    """Load OpenCV's YuNet face detector.

    Raises:
        ModelError: missing or damaged.
    """
    try:
        return cv2.FaceDetectorYN.create(str(path), "", (320, 320), _YUNET_SCORE)
    except cv2.error:
        raise ModelError(f"{path} is not the YuNet face detector (ONNX)") from None
