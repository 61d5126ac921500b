"""The command line, as its users meet it."""
import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import numpy
import pytest

from conftest import end, get, get_json, wait_for
from rasters import pixels, raster


def datasets(path):
    """{keys: path} of a database, read without terrazzo."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        names = [row[0] for row in database.execute("SELECT key_name FROM key_names ORDER BY idx")]
        columns = ", ".join(f'"{name}"' for name in names)
        return {row[:-1]: row[-1] for row in database.execute(f"SELECT {columns}, path FROM datasets")}


def key_names(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT key_name FROM key_names ORDER BY idx")]


def described(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT count(*) FROM metadata").fetchone()[0]


# ---- the program itself

def test_without_a_command_it_helps(terrazzo):
    text = terrazzo().stdout
    for command in ("optimize-rasters", "ingest", "serve", "connect", "migrate", "info", "validate", "schema"):
        assert command in text


def test_it_tells_its_version(terrazzo):
    assert re.fullmatch(r"terrazzo \d+\.\d+\.\d+", terrazzo("--version").stdout.strip())


def test_an_unknown_command_is_told_what_was_meant(terrazzo):
    assert "did you mean 'ingest'?" in terrazzo("ingets", code=2).stderr
    assert "there are: " in terrazzo("frobnicate", code=2).stderr


@pytest.mark.parametrize("words", [
    ["ingest"], ["ingest", "{name}.tif"], ["serve", "--port", "x"], ["info", "a", "--nonsense"],
    ["optimize-rasters", "a.tif"], ["ingest", "{name}.tif", "-o", "x", "--threads", "-5"]])
def test_wrong_use_exits_with_2_and_one_sentence(terrazzo, words):
    lines = terrazzo(*words, code=2).stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")


def test_errors_are_json_too(terrazzo):
    assert terrazzo.json("info", "missing.tif", code=3)["error"]["kind"] == "not_found"


# ---- ingest

PATTERNS = {
    "one key": (["foo.tif"], "{name}.tif", ["name"], [("foo",)]),
    "two keys": (["S2_20180101_B04.tif"], "{sensor}_{date}_B04.tif", ["sensor", "date"], [("S2", "20180101")]),
    "folder": (["S2/20180101_B04.tif"], "{sensor}/{date}_B04.tif", ["sensor", "date"], [("S2", "20180101")]),
    "anything": (["S2/20180101_B04.tif", "S2/20180101_B05_median.tif"], "{sensor}/{date}_{band}{}.tif",
                 ["sensor", "date", "band"], [("S2", "20180101", "B04"), ("S2", "20180101", "B05")]),
    "twice": (["S2/20180101/S2_20180101_B04.tif"], "{sensor}/{date}/{sensor}_{date}_{band}.tif",
              ["sensor", "date", "band"], [("S2", "20180101", "B04")]),
    "braces": (["bar.tif", "{foo}.tif"], "{{{name}}}.tif", ["name"], [("foo",)]),
    "case": (["bAr.tif", "FOO.tif"], "{nAmE}.tif", ["nAmE"], [("bAr",), ("FOO",)]),
    "blank": (["süßer ordner/foo.tif"], "{}/{name}.tif", ["name"], [("foo",)]),
    "unicode": (["günther.tif"], "{bärbel}.tif", ["bärbel"], [("günther",)]),
}


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("case", PATTERNS)
def test_patterns(terrazzo, tmp_path, case, absolute):
    files, pattern, names, keys = PATTERNS[case]
    for name in files:
        raster(tmp_path / name)
    terrazzo("ingest", tmp_path / pattern if absolute else pattern, "-o", "out.sqlite")
    assert key_names(tmp_path / "out.sqlite") == names
    assert set(datasets(tmp_path / "out.sqlite")) == set(keys)
    assert described(tmp_path / "out.sqlite") == len(keys)


WRONG_PATTERNS = {
    "nothing matches": ([], "{key}.tif"),
    "same keys in two folders": (["dir1/foo.tif", "dir2/foo.tif"], "{}/{name}.tif"),
    "same keys by anything": (["S2_B04.tif", "S2_20180101_B04.tif"], "{sensor}_{}.tif"),
    "no key": ([], "notafile.tif"),
    "only anything": ([], "{}.tif"),
    "stray brace": ([], "notafile{.tif"),
    "no name": (["foo.tif"], "{(foo)}.tif"),
    "reserved name": (["foo.tif"], "{limit}.tif"),
    "name of a column": (["foo.tif"], "{path}.tif"),
}


@pytest.mark.parametrize("case", WRONG_PATTERNS)
def test_wrong_patterns(terrazzo, tmp_path, case):
    files, pattern = WRONG_PATTERNS[case]
    for name in files:
        raster(tmp_path / name)
    terrazzo("ingest", pattern, "-o", "out.sqlite", code=3 if case == "nothing matches" else 2)
    assert not (tmp_path / "out.sqlite").exists()


def test_paths_are_absolute_and_appending_adds(terrazzo, tmp_path):
    raster(tmp_path / "dir1/img1.tif")
    raster(tmp_path / "dir2/img2.tif")
    terrazzo("ingest", "dir1/{name}.tif", "-o", "out.sqlite")
    terrazzo("ingest", "dir2/{name}.tif", "-o", "out.sqlite")
    assert datasets(tmp_path / "out.sqlite") == {("img1",): str(tmp_path / "dir1/img1.tif"),
                                                ("img2",): str(tmp_path / "dir2/img2.tif")}


@pytest.mark.parametrize("flags", [["--skip-existing"], []])
def test_ingesting_again(terrazzo, tmp_path, flags):
    raster(tmp_path / "dir1/same.tif")
    raster(tmp_path / "dir2/same.tif")
    for folder in ("dir1", "dir1", "dir2"):
        terrazzo("ingest", folder + "/{name}.tif", "-o", "out.sqlite", *flags)
    kept = "dir1" if flags else "dir2"
    assert datasets(tmp_path / "out.sqlite") == {("same",): str(tmp_path / kept / "same.tif")}


def test_other_keys_are_refused_and_nothing_is_inserted(terrazzo, tmp_path):
    raster(tmp_path / "dir1/img1.tif")
    raster(tmp_path / "dir2/img2.tif")
    terrazzo("ingest", "dir1/{name}.tif", "-o", "out.sqlite")
    before = datasets(tmp_path / "out.sqlite")
    for pattern in ("{dir}/{name}.tif", "dir2/{title}.tif"):
        assert "incompatible key names" in terrazzo("ingest", pattern, "-o", "out.sqlite", code=2).stderr
    assert datasets(tmp_path / "out.sqlite") == before


def test_the_rgb_key_becomes_the_last(terrazzo, tmp_path):
    raster(tmp_path / "img.tif")
    terrazzo("ingest", "{rgb}m{foo}.tif", "-o", "out.sqlite", "--rgb-key", "rgb")
    assert key_names(tmp_path / "out.sqlite") == ["foo", "rgb"]
    assert datasets(tmp_path / "out.sqlite") == {("g", "i"): str(tmp_path / "img.tif")}
    terrazzo("ingest", "{rgb}m{foo}.tif", "-o", "no.sqlite", "--rgb-key", "bar", code=2)
    assert not (tmp_path / "no.sqlite").exists()


def test_bands_become_datasets(terrazzo, tmp_path):
    raster(tmp_path / "a.tif", bands=3)
    report = terrazzo.json("ingest", "{name}.tif", "-o", "out.sqlite", "--bands", "1=blue,3=red")
    assert report["keys"] == ["name", "band"] and report["inserted"] == 2
    assert set(datasets(tmp_path / "out.sqlite")) == {("a", "blue"), ("a", "red")}
    assert terrazzo.json("ingest", "{name}.tif", "-o", "all.sqlite", "--bands", "all")["inserted"] == 3
    _, about = terrazzo.start_server("serve", "-d", "out.sqlite")
    for band, low in (("blue", 1), ("red", 2001)):
        assert get_json(f"{about['url']}metadata/a/{band}")["range"][0] == low


def test_a_bad_file_does_not_stop_the_others(terrazzo, tmp_path):
    raster(tmp_path / "good.tif")
    raster(tmp_path / "nowhere.tif", epsg=None)
    raster(tmp_path / "void.tif", values=numpy.zeros((1, 16, 16), "uint16"))
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.tif").write_text("this is no raster")
    whole = raster(tmp_path / "whole.tif", size=512)
    with open(whole, "rb") as file:
        (tmp_path / "cut.tif").write_bytes(file.read()[:100_000])
    done = terrazzo("ingest", "{name}.tif", "-o", "out.sqlite", code=7)
    assert set(datasets(tmp_path / "out.sqlite")) == {("good",), ("whole",)}
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert [os.path.basename(line.split(": ")[1]) for line in lines] == [
        "cut.tif", "empty.tif", "nowhere.tif", "text.tif", "void.tif"]


def test_metadata_can_wait(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite", "--skip-metadata")
    assert described(tmp_path / "out.sqlite") == 0


def test_create_database_replaces_only_when_told(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    raster(tmp_path / "b.tif")
    terrazzo("create-database", "{name}.tif", "-o", "out.sqlite")
    terrazzo("create-database", "{letter}.tif", "-o", "out.sqlite", code=4)
    assert key_names(tmp_path / "out.sqlite") == ["name"]
    terrazzo("create-database", "{letter}.tif", "-o", "out.sqlite", "--overwrite")
    assert key_names(tmp_path / "out.sqlite") == ["letter"]
    assert sorted(os.listdir(tmp_path)) == ["a.tif", "b.tif", "out.sqlite"]


def test_four_at_once(terrazzo, tmp_path):
    for number in range(4):
        for letter in "abcdefghij":
            raster(tmp_path / f"{number}/{letter}.tif", size=16)
    running = [terrazzo.start("ingest", "{folder}/{letter}.tif", "-o", "out.sqlite", "--threads", "1") for _ in range(4)]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    assert len(datasets(tmp_path / "out.sqlite")) == 40


@pytest.mark.parametrize("flags", [[], ["--overwrite"]])
def test_kill_during_ingest_leaves_whole_datasets(terrazzo, tmp_path, flags):
    source = raster(tmp_path / "data/a0.tif", size=256)
    for number in range(1, 400):
        shutil.copy(source, tmp_path / f"data/a{number}.tif")
    first = raster(tmp_path / "z9.tif", size=16)
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    process = terrazzo.start("ingest", "data/{name}.tif", "-o", "out.sqlite", *flags)

    def has_begun():
        if flags:
            return any(name.startswith(".out.sqlite.") for name in os.listdir(tmp_path))
        return len(datasets(tmp_path / "out.sqlite")) > 1

    wait_for(lambda: process.poll() is not None or has_begun())
    assert process.poll() is None, "it was too quick to be killed"
    end(process, signal.SIGKILL)
    found = datasets(tmp_path / "out.sqlite")
    assert found[("z9",)] == first
    assert described(tmp_path / "out.sqlite") == len(found)
    assert len(found) == 1 if flags else 1 < len(found) < 401
    assert terrazzo.json("info", "out.sqlite")["datasets"] == len(found)
    terrazzo("ingest", "data/{name}.tif", "-o", "out.sqlite", *(flags or ["--skip-existing"]))
    assert len(datasets(tmp_path / "out.sqlite")) == (400 if flags else 401)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_interrupt_ends_with_130(terrazzo, tmp_path):
    source = raster(tmp_path / "data/a0.tif", size=256)
    for number in range(1, 300):
        shutil.copy(source, tmp_path / f"data/a{number}.tif")
    process = terrazzo.start("ingest", "data/{name}.tif", "-o", "out.sqlite")
    wait_for((tmp_path / "out.sqlite").exists)
    assert end(process, signal.SIGINT) == 130
    assert 0 < len(datasets(tmp_path / "out.sqlite")) < 300


# ---- optimize-rasters

@pytest.mark.parametrize("nproc", [[], ["--nproc", "2"], ["--nproc", "-1"]])
@pytest.mark.parametrize("compression", ["auto", "deflate", "lzw", "zstd", "none"])
@pytest.mark.parametrize("memory", [[], ["--in-memory"], ["--no-in-memory"]])
def test_optimised_files_are_valid_and_hold_the_same_pixels(terrazzo, tmp_path, memory, compression, nproc):
    sources = [raster(tmp_path / f"in/{name}.tif", size=600) for name in "ab"]
    terrazzo("optimize-rasters", "in/*.tif", "-o", "out", "--compression", compression, *memory, *nproc)
    terrazzo("validate", "out/a.tif", "out/b.tif")
    for source in sources:
        assert numpy.array_equal(pixels(source), pixels(source.replace("/in/", "/out/")))


def test_optimise_reprojects(terrazzo, tmp_path):
    raster(tmp_path / "a.tif", size=600)
    terrazzo("optimize-rasters", "a.tif", "-o", "out", "--reproject", "--resampling-method", "bilinear")
    terrazzo("validate", "out/a.tif")
    assert terrazzo.json("info", "out/a.tif")["crs"]["epsg"] == 3857


def test_optimise_keeps_all_bands_or_those_told(terrazzo, tmp_path):
    source = raster(tmp_path / "a.tif", bands=3)
    terrazzo("optimize-rasters", "a.tif", "-o", "all")
    assert numpy.array_equal(pixels(source), pixels(tmp_path / "all/a.tif"))
    terrazzo("optimize-rasters", "a.tif", "-o", "two", "--bands", "3,1")
    assert numpy.array_equal(pixels(source)[[2, 0]], pixels(tmp_path / "two/a.tif"))


def test_optimise_skips_or_replaces_what_is_there(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("optimize-rasters", "a.tif", "-o", "out")
    before = os.stat(tmp_path / "out/a.tif")
    terrazzo("optimize-rasters", "a.tif", "-o", "out", code=4)
    terrazzo("optimize-rasters", "a.tif", "-o", "out", "--skip-existing", "--overwrite", code=2)
    assert terrazzo.json("optimize-rasters", "a.tif", "-o", "out", "--skip-existing")["skipped"] == ["out/a.tif"]
    assert os.stat(tmp_path / "out/a.tif").st_ino == before.st_ino
    terrazzo("optimize-rasters", "a.tif", "-o", "out", "--overwrite")
    assert os.stat(tmp_path / "out/a.tif").st_ino != before.st_ino


def test_optimise_refuses_what_cannot_work(terrazzo, tmp_path):
    raster(tmp_path / "x/a.tif")
    raster(tmp_path / "y/a.tif")
    assert "would both become" in terrazzo("optimize-rasters", "x/a.tif", "y/a.tif", "-o", "out", code=2).stderr
    assert "No files given" in terrazzo("optimize-rasters", "none*.tif", "-o", "out", code=3).stderr
    assert "is a folder, not a file" in terrazzo("optimize-rasters", "x", "-o", "out", code=2).stderr
    terrazzo("optimize-rasters", "x/a.tif", "-o", "out", "--compression", "zip", code=2)
    assert not (tmp_path / "out").exists()


def test_optimise_goes_on_after_a_bad_file(terrazzo, tmp_path):
    raster(tmp_path / "good.tif")
    (tmp_path / "bad.tif").write_text("this is no raster")
    assert "bad.tif" in terrazzo("optimize-rasters", "bad.tif", "good.tif", "-o", "out", code=7).stderr
    assert os.listdir(tmp_path / "out") == ["good.tif"]


@pytest.mark.parametrize("sign, code", [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_optimise_that_is_stopped_leaves_no_half_file(terrazzo, tmp_path, sign, code):
    for number in range(8):
        raster(tmp_path / f"in/a{number}.tif", size=3000)
    process = terrazzo.start("optimize-rasters", "in/*.tif", "-o", "out", "--no-in-memory")
    out = tmp_path / "out"
    wait_for(lambda: process.poll() is not None or (out.exists() and os.listdir(out)))
    assert process.poll() is None, "it was too quick to be stopped"
    assert end(process, sign) == code
    done = [name for name in os.listdir(out) if re.fullmatch(r"a\d\.tif", name)]
    for name in done:
        terrazzo("validate", out / name)
    if sign == signal.SIGINT:
        assert sorted(os.listdir(out)) == sorted(done)
    terrazzo("optimize-rasters", "in/*.tif", "-o", "out", "--skip-existing")
    assert len([name for name in os.listdir(out) if re.fullmatch(r"a\d\.tif", name)]) == 8


# ---- validate, info, schema, migrate

def test_validate_gives_reasons(terrazzo, tmp_path):
    raster(tmp_path / "plain.tif", size=1024)
    terrazzo("optimize-rasters", "plain.tif", "-o", "out")
    assert terrazzo.json("validate", "out/plain.tif")[0]["valid"]
    report = terrazzo.json("validate", "plain.tif", "out/plain.tif", code=7)
    assert [entry["valid"] for entry in report] == [False, True]
    assert report[0]["errors"] or report[0]["warnings"]
    (tmp_path / "text.tif").write_text("this is no raster")
    assert terrazzo.json("validate", "text.tif", code=7)[0]["errors"]
    terrazzo("validate", "missing.tif", code=3)


def test_validate_looks_at_every_file_and_ends_with_the_worst(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("optimize-rasters", "a.tif", "-o", "out")
    (tmp_path / "text.tif").write_text("this is no raster")
    report = terrazzo.json("validate", "missing.tif", "out/a.tif", "gone.tif", code=3)
    assert [entry["valid"] for entry in report] == [False, True, False]
    assert report[0]["errors"] == ["there is no file 'missing.tif'"]
    terrazzo("validate", "missing.tif", "text.tif", "out/a.tif", code=7)


def test_info_of_a_raster(terrazzo, tmp_path):
    raster(tmp_path / "a.tif", bands=2)
    about = terrazzo.json("info", "a.tif", "-s", "--band", "2")
    assert (about["rows"], about["cols"], about["crs"]["epsg"], len(about["bands"])) == (64, 64, 32633, 2)
    assert about["bands"][0] == {"type": "uint16", "nodata": 0}
    assert about["statistics"]["range"] == [1001, 2000]
    assert "epsg 32633" in terrazzo("info", "a.tif").stdout


def test_info_of_a_catalogue(terrazzo, tmp_path):
    raster(tmp_path / "a_1.tif")
    raster(tmp_path / "a_2.tif")
    terrazzo("ingest", "{name}_{number}.tif", "-o", "out.sqlite")
    about = terrazzo.json("info", "out.sqlite")
    assert about["datasets"] == 2
    assert about["keys"][0] == {"key": "name", "values": {"a": 2}}


def test_schemas_are_of_the_real_options(terrazzo, tmp_path):
    settings = terrazzo.json("schema")
    assert settings["properties"]["default_tile_size"]["default"] == [256, 256]
    assert "pattern" in terrazzo.json("schema", "ingest")["required"]
    assert "enum" in terrazzo.json("schema", "optimize-rasters")["properties"]["compression"]
    terrazzo("schema", "nonsense", code=2)
    (tmp_path / "defaults.toml").write_text(terrazzo("schema", "settings", "--toml").stdout)
    raster(tmp_path / "a.tif")
    terrazzo("-c", "defaults.toml", "serve", "-r", "{name}.tif", env={"TERRAZZO_TESTING": "1"})


def test_migrate_brings_an_old_database_up(terrazzo, tmp_path):
    path = tmp_path / "old.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript("""
            CREATE TABLE terracotta (version VARCHAR(255));
            INSERT INTO terracotta VALUES ('0.7.5');
            CREATE TABLE keys (key VARCHAR(256), description VARCHAR(8000));
            INSERT INTO keys VALUES ('name', '');
            CREATE TABLE datasets (name VARCHAR(256), filepath VARCHAR(8000), PRIMARY KEY(name));
            INSERT INTO datasets VALUES ('a', '/data/a.tif');
            CREATE TABLE metadata (name VARCHAR(256), bounds_north REAL, bounds_east REAL, bounds_south REAL,
                bounds_west REAL, convex_hull VARCHAR(8000), valid_percentage REAL, min REAL, max REAL, mean REAL,
                stdev REAL, percentiles BLOB, metadata VARCHAR(8000), PRIMARY KEY(name));
            """)
    before = path.read_bytes()
    terrazzo("migrate", path, "--from", "0.8", "-y", code=2)
    terrazzo("migrate", path, text="n\n", code=130)
    assert path.read_bytes() == before
    report = terrazzo.json("migrate", path, "-y")
    assert (report["from"], report["to"], report["done"]) == ("0.7", "0.9", True)
    assert datasets(path) == {("a",): "/data/a.tif"}
    assert "Already at target version, nothing to do." in terrazzo("migrate", path, "-y").stdout


# ---- serve and connect

def test_serve_takes_the_first_free_port(terrazzo, tmp_path, occupied):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    occupied(5000)
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite")
    port = int(about["url"].rstrip("/").rpartition(":")[2])
    assert 5001 <= port <= 5099
    assert get_json(about["url"] + "keys") == {"keys": [{"key": "name"}]}
    assert get(about["url"] + "singleband/a/preview.png").startswith(b"\x89PNG")
    assert terrazzo("serve", "-d", "out.sqlite", "--port", port, code=75)
    assert end(process, signal.SIGTERM) == 0


def test_serve_a_pattern_leaves_nothing_behind(terrazzo, tmp_path):
    raster(tmp_path / "S2_a_B1.tif")
    raster(tmp_path / "S2_a_B2.tif")
    (tmp_path / "tmp").mkdir()
    process, about = terrazzo.start_server("serve", "-r", "{sensor}_{name}_{band}.tif", "--rgb-key", "sensor",
                                           env={"TMPDIR": str(tmp_path / "tmp")})
    keys = [entry["key"] for entry in get_json(about["url"] + "keys")["keys"]]
    assert keys == ["name", "band", "sensor"]
    assert get_json(about["url"] + "metadata/a/B1/S2")["range"] == [1, 1000]
    assert os.listdir(tmp_path / "tmp")
    assert end(process, signal.SIGINT) == 0
    assert not os.listdir(tmp_path / "tmp")


def test_serve_needs_one_source(terrazzo, tmp_path):
    terrazzo("serve", code=2)
    terrazzo("serve", "-d", "x", "-r", "{y}.tif", code=2)
    terrazzo("serve", "-d", "missing.sqlite", code=3)
    assert not os.listdir(tmp_path)
    terrazzo("serve", "-r", "{name}.tif", code=3)


def test_settings_come_from_file_then_environment_then_flags(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    (tmp_path / "settings.toml").write_text(
        'DRIVER_PATH = "out.sqlite"\nDEFAULT_TILE_SIZE = [32, 32]\nRASTER_CACHE_COMPRESS_LEVEL = 5\n')

    def size(*flags, **env):
        process, about = terrazzo.start_server("-c", "settings.toml", "serve", *flags, env=env)
        picture = get(about["url"] + "singleband/a/preview.png")
        end(process)
        return int.from_bytes(picture[16:20], "big")

    assert size() == 32
    assert size(TC_DEFAULT_TILE_SIZE="[48, 48]") == 48
    assert size(TC_DEFAULT_TILE_SIZE="[48, 48]", TERRAZZO_DEFAULT_TILE_SIZE="[56, 56]") == 56
    assert size("--default-tile-size", "64,64", TC_DEFAULT_TILE_SIZE="[48, 48]") == 64
    (tmp_path / "settings.toml").write_text("NONSENSE = 1\n")
    assert "settings.toml:1: no option is called 'nonsense'" in terrazzo("-c", "settings.toml", "serve", "-d", "out.sqlite", code=2).stderr
    terrazzo("-c", "missing.toml", "serve", "-d", "out.sqlite", code=3)


def test_colour_maps_of_the_operator(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    (tmp_path / "maps").mkdir()
    table = numpy.tile(numpy.array([1, 2, 3, 255], "uint8"), (255, 1))
    numpy.save(tmp_path / "maps/Mine_rgba.npy", table)
    env = {"TC_EXTRA_CMAP_FOLDER": "maps"}
    _, about = terrazzo.start_server("serve", "-d", "out.sqlite", env=env)
    entry = get_json(about["url"] + "colormap?stretch_range=[0,1]&colormap=mine&num_values=1")["colormap"][0]
    assert entry["rgba"] == [1, 2, 3, 255]
    numpy.save(tmp_path / "maps/short_rgba.npy", table[:9])
    terrazzo("serve", "-d", "out.sqlite", env=env, code=7)
    terrazzo("serve", "-d", "out.sqlite", env={"TERRAZZO_EXTRA_CMAP_FOLDER": "none"}, code=3)


def test_connect_shows_the_explorer_of_a_server(terrazzo, tmp_path, occupied):
    raster(tmp_path / "a.tif")
    _, server = terrazzo.start_server("serve", "-r", "{name}.tif")
    occupied(5100)
    process, page = terrazzo.start_server("connect", server["url"], "--no-browser")
    assert 5101 <= int(page["url"].rstrip("/").rpartition(":")[2]) <= 5199
    assert get_json(page["url"] + "explorer.json")["api"] == server["url"].rstrip("/")
    assert b"<html" in get(page["url"]).lower()
    assert end(process) == 0


def test_connect_says_if_nobody_answers(terrazzo, tmp_path):
    assert "does not answer" in terrazzo("connect", "127.0.0.1:1", "--no-browser", code=75).stderr


def test_help_of_every_command_names_its_options(terrazzo):
    names = re.findall(r"^  ([a-z-]+) ", terrazzo().stdout.split("Subcommands:")[1], re.M)
    assert len(names) >= 9
    for name in names:
        text = terrazzo(name, "--help").stdout
        assert "--json" in text and "--quiet" in text


def test_output_into_a_closed_pipe_is_no_crash(terrazzo):
    process = subprocess.Popen([terrazzo.path, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(30) >= 0
    process.stderr.close()
