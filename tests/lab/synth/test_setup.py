"""What is missing on a machine is said in one line that names the remedy."""

from pathlib import Path

import moderngl
import pytest

from reid.lab.synth import gpu, makehuman


def test_missing_egl_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("libEGL.so not loaded")

    monkeypatch.setattr(moderngl, "create_context", fails)
    with pytest.raises(gpu.NoDisplay, match=r"libegl1 .*libgl1-mesa-dri") as caught:
        gpu.Device()
    assert "\n" not in str(caught.value)


def test_missing_data_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REID_MAKEHUMAN", str(tmp_path / "none"))
    monkeypatch.setenv("REID_DATA", str(tmp_path))
    monkeypatch.setattr(makehuman, "__file__", str(tmp_path / "a" / "b" / "c" / "d" / "m.py"))
    with pytest.raises(makehuman.MakeHumanMissing, match="REID_MAKEHUMAN") as caught:
        makehuman.data_root()
    assert "\n" not in str(caught.value)


def test_named_folder_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "base.obj").write_text("v 0 0 0\n")
    monkeypatch.setenv("REID_MAKEHUMAN", str(tmp_path))
    assert makehuman.data_root() == tmp_path


def test_a_mhclo_may_set_its_material_between_its_vertices(tmp_path: Path) -> None:
    (tmp_path / "hat.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "x.mhclo").write_text(
        "obj_file hat.obj\nx_scale 0 1 2.0\nverts 0\nmaterial hat.mhmat\n"
        "0 1 2 0.5 0.25 0.25 0.1 0 0\n1\n2\ndelete_verts\n0 - 1 3\n"
    )
    fitted = makehuman.read_mhclo(tmp_path / "x.mhclo", 5)
    assert fitted.refs.tolist() == [[0, 1, 2], [1, 1, 1], [2, 2, 2]]
    assert fitted.hides.tolist() == [True, True, False, True, False]
    base = makehuman.np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 0], [0, 0, 0]], "f4")
    points = fitted.fit(base)
    assert points[0].tolist() == pytest.approx([1.0 + 0.1 * 2, 1.0, 0.0])
    assert points[1].tolist() == [4.0, 0.0, 0.0]


def test_a_target_is_read_without_its_comments(tmp_path: Path) -> None:
    (tmp_path / "a.target").write_text("# head\n\n3 0.5 -1 2\n7 0 .25 0\n")
    index, delta = makehuman.read_target(tmp_path / "a.target")
    assert index.tolist() == [3, 7]
    assert delta.tolist() == [[0.5, -1.0, 2.0], [0.0, 0.25, 0.0]]
