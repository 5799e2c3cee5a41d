"""Marks for tests that need MakeHuman's data or an OpenGL context: they skip, saying so."""

import pytest

from reid.core.errors import ReidError


def _makehuman() -> str:
    from reid.lab.synth.makehuman import data_root

    try:
        data_root()
    except ReidError as error:
        return str(error)
    return ""


def _gl() -> str:
    from reid.lab.synth.gpu import device

    try:
        device()
    except ReidError as error:
        return str(error)
    return ""


_missing_data, _missing_gl = _makehuman(), _gl()
needs_makehuman = pytest.mark.skipif(bool(_missing_data), reason=_missing_data)
needs_gl = pytest.mark.skipif(bool(_missing_gl), reason=_missing_gl)
