"""GDAL's library is loaded for files that need it, and for no others."""
import pathlib
import re
import subprocess

import pytest
from osgeo import gdal

from conftest import end, get, get_json
from rasters import raster


def libraries(process):
    """Names of the shared libraries in a running process."""
    maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
    return {pathlib.Path(path).name for path in re.findall(r"/\S+\.so\S*", maps)}


def is_loaded(process):
    assert any(name.startswith("libproj") for name in libraries(process))
    return any(name.startswith("libgdal") for name in libraries(process))


def loaded_by(terrazzo, *words, **named):
    """Names of the libraries that a command loaded, as the loader tells it."""
    told = terrazzo.folder / "loader"
    for old in terrazzo.folder.glob("loader.*"):
        old.unlink()
    terrazzo(*words, env={"LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(told)}, **named)
    text = "".join(path.read_text() for path in terrazzo.folder.glob("loader.*"))
    names = {pathlib.Path(path).name for path in re.findall(r"calling init: (\S+)", text)}
    assert any(name.startswith("libproj") for name in names)
    return names


def gdal_name(terrazzo):
    """The file that the program loads, as "libgdal.so.32"."""
    found = [name for name in loaded_by(terrazzo, "info", "a.png") if name.startswith("libgdal")]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def files(terrazzo, tmp_path):
    source = raster(tmp_path / "raw" / "a.tif", size=600)
    terrazzo("optimize-rasters", source, "-o", "maps")
    gdal.Translate(str(tmp_path / "maps" / "b.vrt"), source, format="VRT")
    gdal.Translate(str(tmp_path / "a.png"), source, format="PNG")
    terrazzo("ingest", "maps/{name}.{kind}", "-o", "out.sqlite")
    return tmp_path


def test_the_program_is_not_linked_with_gdal(terrazzo):
    needed = subprocess.run(["ldd", terrazzo.path], capture_output=True, text=True, check=True).stdout
    assert "libproj" in needed
    for name in ("libgdal", "libnetcdf", "libhdf5"):
        assert name not in needed


def test_a_server_loads_gdal_with_the_first_file_that_needs_it(terrazzo, files):
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite")
    assert get_json(about["url"] + "metadata/a/tif")["range"]
    tif = get(about["url"] + "singleband/a/tif/preview.png")
    assert not is_loaded(process)
    assert get(about["url"] + "singleband/b/vrt/preview.png") != b""
    assert is_loaded(process)
    assert get(about["url"] + "singleband/a/tif/preview.png") == tif
    assert end(process) == 0


def test_a_server_of_a_pattern_starts_without_gdal(terrazzo, files):
    process, about = terrazzo.start_server("serve", "-r", "maps/{name}.tif")
    assert get(about["url"] + "singleband/a/preview.png")
    assert not is_loaded(process)
    assert end(process) == 0


@pytest.mark.parametrize("words", [["info", "maps/a.tif", "--statistics"], ["validate", "maps/a.tif"], ["info", "out.sqlite"],
                                   ["schema", "settings"], ["--version"]])
def test_commands_that_do_without_gdal_do_not_load_it(terrazzo, files, words):
    assert not [name for name in loaded_by(terrazzo, *words) if name.startswith("libgdal")]


def test_where_gdal_is_missing_other_files_are_read_and_its_own_say_what_to_install(terrazzo, files):
    broken = files / "libraries"
    broken.mkdir()
    name = gdal_name(terrazzo)
    (broken / name).write_text("this is no library " * 100)
    without = {"LD_LIBRARY_PATH": str(broken)}
    assert terrazzo.json("info", "maps/a.tif", env=without)["rows"] == 600
    error = terrazzo.json("info", "a.png", env=without, code=75)["error"]
    assert error["kind"] == "unavailable"
    assert f"'{name}'" in error["message"] and "gdal-bin" in error["message"]
