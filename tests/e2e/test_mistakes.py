"""What goes wrong on the command line is told, and by the same exit code whatever the command."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from rasters import raster
from test_cli import datasets


def test_a_folder_is_no_file(terrazzo, tmp_path):
    (tmp_path / "folder").mkdir()
    raster(tmp_path / "a.tif")
    for words in (["validate", "folder"], ["info", "folder"], ["optimize-rasters", "folder", "-o", "out"],
                  ["serve", "-d", "folder"], ["migrate", "folder"], ["ingest", "{name}.tif", "-o", "folder"],
                  ["ingest", "{name}.tif", "-o", "folder", "--overwrite"],
                  ["create-database", "{name}.tif", "-o", "folder"]):
        done = terrazzo(*words, code=2)
        assert "is a folder" in done.stderr + done.stdout


def test_what_exists_is_a_conflict(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    terrazzo("optimize-rasters", "a.tif", "-o", "out")
    terrazzo("optimize-rasters", "a.tif", "-o", "out", code=4)
    terrazzo("create-database", "{name}.tif", "-o", "out.sqlite", code=4)
    text = terrazzo("ingest", "{name}.tif", "-o", "out.sqlite", "--only-new", code=4).stderr
    assert "without --only-new" in text
    assert "is no folder" in terrazzo("optimize-rasters", "a.tif", "-o", "out.sqlite", code=4).stderr


def test_nothing_matches_is_not_found(terrazzo):
    for words in (["ingest", "{name}.tif", "-o", "x"], ["serve", "-r", "{name}.tif"], ["validate", "*.tif"],
                  ["optimize-rasters", "*.tif", "-o", "out"], ["info", "a.tif"]):
        terrazzo(*words, code=3)


@pytest.mark.parametrize("output", ["", "sqlite:///"])
def test_an_empty_output_is_wrong_use(terrazzo, tmp_path, output):
    raster(tmp_path / "a.tif")
    for flags in ([], ["--overwrite"], ["--only-new"]):
        assert "'output'" in terrazzo("ingest", "{name}.tif", "-o", output, *flags, code=2).stderr


def test_options_that_would_have_no_effect_are_refused(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    for flags in (["--rgb-key", "name"], ["--bands", "all"], ["--band-key", "colour"]):
        assert flags[0] in terrazzo("serve", "-d", "out.sqlite", *flags, code=2).stderr
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite", "--band-key", "colour", code=2)


def as_nobody(path, cwd, *words):
    """Runs it without the rights of root, which may read everything."""
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may read everything, and there is no setpriv")
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    return subprocess.run([*drop, path, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=60)


def test_what_may_not_be_read_is_denied(terrazzo):
    folder = pathlib.Path(tempfile.mkdtemp())  # pytest's own folders are only for its user
    try:
        folder.chmod(0o777)
        program = shutil.copy(terrazzo.path, folder / "terrazzo")
        os.chmod(program, 0o755)
        raster(folder / "a.tif")
        raster(folder / "shut/b.tif")
        (folder / "a.tif").chmod(0)
        (folder / "shut").chmod(0)
        for words in (["info", "a.tif"], ["validate", "a.tif"], ["optimize-rasters", "a.tif", "-o", "out"],
                      ["ingest", "{name}.tif", "-o", "x.sqlite"], ["info", "shut/b.tif"],
                      ["ingest", "shut/{name}.tif", "-o", "x.sqlite"], ["validate", "shut/*.tif"],
                      ["optimize-rasters", "shut/*.tif", "-o", "out"]):
            done = as_nobody(program, folder, *words)
            assert done.returncode == 5, (words, done.stdout, done.stderr)
    finally:
        (folder / "shut").chmod(0o755)
        shutil.rmtree(folder)


def test_names_that_are_not_utf_8_are_told(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    shutil.copy(tmp_path / "a.tif", os.fsencode(tmp_path) + b"/g\xfcnther.tif")
    done = terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    assert set(datasets(tmp_path / "out.sqlite")) == {("a",)}
    assert "not UTF-8" in done.stderr and "count=1" in done.stderr and "xfcnther.tif" in done.stderr


def test_a_catalogue_that_was_not_made_is_not_named(terrazzo, tmp_path):
    (tmp_path / "bad.tif").write_text("this is no raster")
    assert "no catalogue was written" in terrazzo("ingest", "{name}.tif", "-o", "out.sqlite", code=7).stdout
    assert terrazzo.json("ingest", "{name}.tif", "-o", "out.sqlite", code=7)["database"] is None
    assert not (tmp_path / "out.sqlite").exists()


def test_a_raster_that_lies_nowhere_is_told(terrazzo, tmp_path):
    raster(tmp_path / "a.tif", epsg=None)
    assert "no coordinate system" in terrazzo("optimize-rasters", "a.tif", "-o", "out").stderr
    assert "crs: none" in terrazzo("info", "out/a.tif").stdout.splitlines()
