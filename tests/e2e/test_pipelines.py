"""Pipelines: files arrive, become COGs and footprints, and are published once."""
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import time
import zipfile

import pytest
from conftest import ROOT, end, wait_for
from osgeo import ogr
from rasters import pixels, raster

PIPELINE = """
name: test
catalogue: cat.sqlite
outputs: out
when: {folder: in}
steps:
  - check-name:
      patterns:
        - match: '(?:.*/)?(?<sensor>[a-z]+)_(?<number>\\d+)\\.tif'
  - cog
  - footprint: {collection: '{sensor}', name: '{number}'}
  - catalogue: {keys: [sensor, number]}
"""


@pytest.fixture
def office(terrazzo, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "p.yaml").write_text(PIPELINE)
    return tmp_path


def lines(done):
    """The objects that a command prints one to a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def arrive(folder, name, **named):
    """Writes a raster elsewhere and moves it into the folder, as a careful sender does."""
    there = folder / "in" / name
    there.parent.mkdir(parents=True, exist_ok=True)
    aside = raster(folder / "aside" / f"{random.random()}.tif", **named)
    os.rename(aside, there)
    return there


def rows(folder, sql):
    with contextlib.closing(sqlite3.connect(folder / "cat.sqlite")) as database:
        return database.execute(sql).fetchall()


def states(folder):
    """By names of files; empty while there is no journal yet."""
    if not (folder / "cat.sqlite").exists() or \
            not rows(folder, "SELECT 1 FROM sqlite_master WHERE name = 'terrazzo_events'"):
        return {}
    return {os.path.basename(uri): state for uri, state in rows(folder, "SELECT uri, state FROM terrazzo_events")}


def state_of_things(folder):
    """All that is to be seen: records, frames, extents, and the pixels of each file."""
    records = rows(folder, "SELECT sensor, number, path FROM datasets ORDER BY sensor, number")
    frames = rows(folder, "SELECT collection, name, uri, west, south, east, north FROM terrazzo_frames"
                          " ORDER BY collection, name")
    extents = rows(folder, "SELECT name, frames, west, south, east, north FROM terrazzo_collections"
                           " ORDER BY name")
    return [(s, n, int(pixels(path).sum())) for s, n, path in records], \
        [(*frame[:2], *frame[3:]) for frame in frames], extents


def visible_files(folder):
    return sorted(str(path) for path in (folder / "out").rglob("*.tif") if ".terrazzo" not in path.parts)


def test_a_file_becomes_a_cog_a_frame_and_a_record(terrazzo, office):
    source = arrive(office, "deep/s_1.tif")
    done = lines(terrazzo("run", "p.yaml", "in/deep/s_1.tif", "--json"))
    assert [item["state"] for item in done] == ["done"]
    made = done[0]["outputs"][0]
    assert terrazzo.json("validate", made)[0]["valid"]
    assert (pixels(made) == pixels(source)).all()
    assert rows(office, "SELECT sensor, number, path FROM datasets") == [("s", "1", made)]
    [(collection, name, crs, attributes)] = rows(
        office, "SELECT collection, name, crs, attributes FROM terrazzo_frames")
    assert (collection, name, crs) == ("s", "1", "EPSG:32633")
    assert json.loads(attributes)["sensor"] == "s"
    assert lines(terrazzo("run", "p.yaml", "in/deep/s_1.tif", "--json"))[0]["state"] == "done"
    assert rows(office, "SELECT attempts FROM terrazzo_events") == [(1,)]
    assert os.listdir(office / "out" / ".terrazzo") == []


def test_three_bands_become_a_jpeg_with_what_the_input_hides_hidden(terrazzo, office):
    arrive(office, "s_1.tif", bands=3, dtype="uint8")
    made = lines(terrazzo("run", "p.yaml", "in/s_1.tif", "--json"))[0]["outputs"][0]
    info = terrazzo.json("info", made)
    assert "jpeg" in json.dumps(info).lower()
    assert terrazzo.json("validate", made)[0]["valid"]


def test_a_wrong_option_is_refused_by_name_and_line_before_anything_is_touched(terrazzo, office):
    arrive(office, "s_1.tif")
    (office / "p.yaml").write_text(PIPELINE.replace("- cog", "- cog: {qualty: 3}"))
    failed = terrazzo("run", "p.yaml", "in/s_1.tif", code=2)
    assert "p.yaml:10: step 'cog': no option is called 'qualty'" in failed.stderr
    assert not (office / "cat.sqlite").exists() and not (office / "out").exists()


def test_a_plan_says_what_would_be_done_and_why_and_touches_nothing(terrazzo, office):
    arrive(office, "s_1.tif")
    arrive(office, "other/s_1.tif")
    arrive(office, "wrong-name.tif")
    arrive(office, "s_2.tif", epsg=None)
    (office / "in" / "s_3.tif").write_text("no TIFF")
    before = sorted(map(str, office.rglob("*")))
    plans = {os.path.relpath(plan["file"], office / "in"): plan for plan in terrazzo.json("plan", "p.yaml")}
    assert sorted(map(str, office.rglob("*"))) == before
    verdicts = {name: plan["verdict"] for name, plan in plans.items()}
    assert verdicts == {"other/s_1.tif": "run", "s_1.tif": "fail", "wrong-name.tif": "skip", "s_2.tif": "fail",
                        "s_3.tif": "fail"}
    assert "comes from" in plans["s_1.tif"]["reason"]
    assert "no CRS" in plans["s_2.tif"]["reason"]
    assert "fits none" in plans["wrong-name.tif"]["reason"]
    assert plans["other/s_1.tif"]["outputs"][0].startswith(str(office / "out/cog/"))
    terrazzo("run", "p.yaml", "in/other/s_1.tif")
    done = {plan["file"]: plan for plan in terrazzo.json("plan", "p.yaml")}
    assert done[str(office / "in/other/s_1.tif")]["verdict"] == "already"


def test_every_bad_file_ends_in_a_named_state_and_the_good_ones_are_done(terrazzo, office):
    arrive(office, "s_1.tif")
    (office / "in" / "s_2.tif").write_text("no TIFF at all")
    whole = arrive(office, "s_3.tif", size=512)
    whole.write_bytes(whole.read_bytes()[:200_000])
    arrive(office, "s_4.tif", epsg=None)
    arrive(office, "s_5.tif", bands=2)
    arrive(office, "Wrong_6.tif")
    (office / "in" / "s_7.tif").write_bytes(b"")
    arrive(office, "twice/s_1.tif")
    arrive(office, "s_8.tif", bands=3, dtype="uint16")
    done = lines(terrazzo("run", "p.yaml", "in/*.tif", "in/twice/*.tif", "--json", "--workers", "1", code=7))
    found = {os.path.relpath(item["file"], office / "in"): (item["state"], item.get("kind")) for item in done}
    ones = {found.pop("s_1.tif"), found.pop("twice/s_1.tif")}
    assert ones == {("done", None), ("dead", "conflict")}
    assert found == {"s_2.tif": ("dead", "corrupt_data"), "s_3.tif": ("dead", "corrupt_data"),
                     "s_4.tif": ("dead", "unsupported"), "s_5.tif": ("dead", "unsupported"),
                     "Wrong_6.tif": ("skipped", None), "s_7.tif": ("dead", "corrupt_data"),
                     "s_8.tif": ("dead", "unsupported")}
    texts = {os.path.basename(item["file"]): item.get("text", "") for item in done}
    assert "2 bands" in texts["s_5.tif"] or "'2'" in texts["s_5.tif"]
    assert "no CRS" in texts["s_4.tif"]
    assert rows(office, "SELECT count(*) FROM datasets") == [(1,)]
    assert len(visible_files(office)) <= 2  # of the two of one name one may still be trash


def test_four_processes_work_on_twenty_files_each_once(terrazzo, office):
    for number in range(20):
        arrive(office, f"s_{number}.tif")
    assert terrazzo.json("events", "announce", "p.yaml")["queued"] == 20
    workers = [terrazzo.start("work", "p.yaml", "--until-idle", "--workers", "1", "--json") for _ in range(4)]
    done = []
    for worker in workers:
        out, err = worker.communicate(timeout=120)
        assert worker.returncode == 0, err
        done += [json.loads(line) for line in out.splitlines()]
    assert sorted(item["file"] for item in done) == sorted(str(office / "in" / f"s_{n}.tif") for n in range(20))
    assert {item["state"] for item in done} == {"done"}
    assert rows(office, "SELECT count(*) FROM datasets") == [(20,)]
    assert rows(office, "SELECT frames FROM terrazzo_collections") == [(20,)]
    assert rows(office, "SELECT max(attempts) FROM terrazzo_events") == [(1,)]
    assert len(visible_files(office)) == 20


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killing_workers_changes_nothing_but_the_time_it_takes(terrazzo, office):
    for number in range(24):
        arrive(office, f"s_{number}.tif", size=512, values=None)
    terrazzo("events", "announce", "p.yaml")
    workers = {}
    until = time.monotonic() + 6
    while time.monotonic() < until:
        for place in range(3):
            if place not in workers or workers[place].poll() is not None:
                workers[place] = terrazzo.start("work", "p.yaml", "--workers", "1", "--lease", "1", "-q")
        time.sleep(random.uniform(0.1, 0.5))
        victim = random.choice(list(workers))
        kill(workers.pop(victim))
    for worker in workers.values():
        kill(worker)
    last = terrazzo("work", "p.yaml", "--until-idle", "--lease", "1", timeout=120)
    assert "error" not in last.stderr
    assert set(states(office).values()) == {"done"}
    assert rows(office, "SELECT count(*) FROM datasets") == [(24,)]
    assert rows(office, "SELECT frames FROM terrazzo_collections") == [(24,)]
    published = {row[0] for row in rows(office, "SELECT path FROM datasets")}
    assert all(os.path.exists(path) for path in published)
    assert set(visible_files(office)) == published
    assert os.listdir(office / "out" / ".terrazzo") == []


def test_events_repeated_and_shuffled_end_in_the_same_state_as_once(terrazzo, office, tmp_path):
    def run(folder, times):
        shutil.copytree(office / "in", folder / "in", dirs_exist_ok=True)
        (folder / "p.yaml").write_text(PIPELINE)
        files = [str(folder / "in" / f"s_{n}.tif") for n in range(6)] * times
        random.shuffle(files)
        for file in files:
            terrazzo("events", "announce", folder / "p.yaml", file)
        terrazzo("work", folder / "p.yaml", "--until-idle")
        for file in files[:3]:
            terrazzo("events", "announce", folder / "p.yaml", file)
        terrazzo("work", folder / "p.yaml", "--until-idle")
        return state_of_things(folder)

    for number in range(6):
        arrive(office, f"s_{number}.tif", origin=(400_000 + 1000 * number, 5_800_000))
    assert run(tmp_path / "once", 1) == run(tmp_path / "thrice", 3)


def test_a_watched_folder_follows_arrivals_replacements_and_removals(terrazzo, office):
    first = arrive(office, "s_1.tif")
    watcher = terrazzo.start("watch", "p.yaml", "--workers", "1")
    wait_for(lambda: states(office).get("s_1.tif") == "done")
    arrive(office, "new/folder/s_2.tif")
    wait_for(lambda: states(office).get("s_2.tif") == "done")
    old = visible_files(office)
    arrive(office, "s_1.tif", size=32)
    wait_for(lambda: rows(office, "SELECT count(*) FROM terrazzo_trash") == [(1,)])
    [(path,)] = rows(office, "SELECT path FROM datasets WHERE number = '1'")
    assert pixels(path).shape[1:] == (32, 32)
    assert set(old) < set(visible_files(office))  # for those that still read it
    first.unlink()
    wait_for(lambda: states(office)["s_1.tif"] == "deleted")
    assert rows(office, "SELECT number FROM datasets") == [("2",)]
    assert end(watcher) == 0


def test_a_worker_that_is_told_to_stop_gives_its_file_back(terrazzo, office):
    arrive(office, "s_1.tif", size=6000)
    terrazzo("events", "announce", "p.yaml")
    worker = terrazzo.start("work", "p.yaml", "--workers", "1")
    wait_for(lambda: states(office)["s_1.tif"] == "running")
    assert end(worker) == 0
    assert states(office)["s_1.tif"] in ("queued", "done")
    assert os.listdir(office / "out" / ".terrazzo") == []
    terrazzo("work", "p.yaml", "--until-idle")
    assert states(office)["s_1.tif"] == "done"


def test_failures_are_listed_explained_retried_and_discarded(terrazzo, office):
    bad = office / "in" / "s_1.tif"
    bad.write_text("no TIFF")
    terrazzo("run", "p.yaml", bad, code=7)
    [event] = terrazzo.json("events", "list", "p.yaml", "--state", "dead")
    assert event["kind"] == "corrupt_data" and event["text"]
    explained = terrazzo("events", "explain", "p.yaml", bad).stdout
    assert "given up" in explained and "cog" in explained
    assert terrazzo.json("events", "retry", "p.yaml")["events"] == 1
    assert states(office) == {"s_1.tif": "queued"}
    terrazzo("work", "p.yaml", "--until-idle")
    assert terrazzo.json("events", "discard", "p.yaml", "--like", "*s_1*")["events"] == 1
    assert states(office) == {"s_1.tif": "skipped"}
    os.replace(raster(office / "aside.tif"), bad)
    assert lines(terrazzo("run", "p.yaml", bad, "--json"))[0]["state"] == "done"
    assert terrazzo.json("events", "replay", "p.yaml")["events"] == 1
    terrazzo("work", "p.yaml", "--until-idle")
    assert states(office) == {"s_1.tif": "done"}


def test_products_of_a_collection_follow_its_frames(terrazzo, office):
    (office / "p.yaml").write_text(PIPELINE + """
products:
  - geojson
  - tile-index: {to: 'index/{collection}', columns: {location: '{uri}', number: '{number}'}}
""")
    first = arrive(office, "s_1.tif")
    arrive(office, "s_2.tif", origin=(410_000, 5_800_000))
    terrazzo("run", "p.yaml", "in/*.tif")
    features = json.loads((office / "out/geojson/s.geojson").read_text())["features"]
    assert [feature["properties"]["number"] for feature in features] == ["1", "2"]
    assert features[0]["geometry"]["type"] == "Polygon"
    index = ogr.Open(str(office / "out/index/s.shp"))
    layer = index.GetLayer(0)
    assert "Mercator" in layer.GetSpatialRef().GetName()
    rows_of_index = [(feature["number"], os.path.exists(feature["location"]), feature.geometry().GetEnvelope())
                     for feature in layer]
    assert [row[:2] for row in rows_of_index] == [("1", True), ("2", True)]
    west, east, south, north = rows_of_index[0][2]
    assert 1_500_000 < west < east < 1_700_000 and 6_800_000 < south < north < 7_000_000
    with zipfile.ZipFile(office / "out/index/s_idx.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["s.cpg", "s.dbf", "s.prj", "s.shp", "s.shx"]
    first.unlink()
    terrazzo("events", "announce", "p.yaml")
    terrazzo("work", "p.yaml", "--until-idle")
    assert ogr.Open(str(office / "out/index/s.shp")).GetLayer(0).GetFeatureCount() == 1
    (office / "in/s_2.tif").unlink()
    arrive(office, "t_1.tif")
    terrazzo("events", "announce", "p.yaml", "in/s_2.tif", "in/t_1.tif")
    terrazzo("work", "p.yaml", "--until-idle")
    assert not (office / "out/geojson/s.geojson").exists()
    assert not (office / "out/index/s.shp").exists()
    assert (office / "out/geojson/t.geojson").exists()


def test_a_program_can_be_a_step(terrazzo, office):
    (office / "p.yaml").write_text(PIPELINE.replace("  - cog\n", """
  - run:
      command: [gdal_translate, -q, -b, '2', '{input}', '{output}']
      makes: '{stem}.tif'
  - cog
"""))
    arrive(office, "s_1.tif", bands=2)
    done = lines(terrazzo("run", "p.yaml", "in/s_1.tif", "--json"))[0]
    assert done["state"] == "done", done
    assert (pixels(done["outputs"][0]) == pixels(office / "in/s_1.tif")[1:]).all()


def test_the_pipeline_for_aerial_photographs_knows_the_trees_names(terrazzo, tmp_path):
    shutil.copy(ROOT / "share/pipelines/aerial.yaml", tmp_path)
    tree = tmp_path / "incoming"
    grey = dict(dtype="uint8", nodata=None)
    raster(tree / "bw/Travis/USDA_1953/frames/georef/04-01-53_3B-25.tif", **grey)
    raster(tree / "nc/Travis/TXDOT_1990/frames/georef/1990_7-3.TIF", bands=3, **grey)
    raster(tree / "bw/Bexar/AMS_1955/frames/georef/02-11-55_412.tif", **grey)
    raster(tree / "bw/Bexar/USDA_1955/index/georef/USDA_1955_4_300dpi_2.tif", **grey)
    raster(tree / "nc/StratMap/CAPCOG_2017/frames/georef/r1_f2_2017.tif", bands=3, **grey)
    raster(tree / "bw/Travis/USDA_1953/frames/scanned/04-01-53_3B-25.tif", **grey)
    raster(tree / "bw/Travis/USDA_1953/frames/georef/no-such-name.tif", **grey)
    plans = terrazzo.json("plan", "aerial.yaml")
    assert sorted(plan["verdict"] for plan in plans) == ["run"] * 5 + ["skip"]
    assert terrazzo.json("events", "announce", "aerial.yaml")["queued"] == 6
    terrazzo("work", "aerial.yaml", "--until-idle")
    with contextlib.closing(sqlite3.connect(tmp_path / "aerial.sqlite")) as database:
        frames = {(c, n): json.loads(a) for c, n, a in
                  database.execute("SELECT collection, name, attributes FROM terrazzo_frames")}
        records = database.execute("SELECT count(*) FROM datasets").fetchone()[0]
    assert {key: (a["date"], a["roll"], a["frame_num"]) for key, a in frames.items()} == {
        ("Travis_USDA_1953_frames", "04-01-53_3B-25"): ("04-01-53", "3B", "25"),
        ("Travis_TXDOT_1990_frames", "1990_7-3"): ("1990", "7", "3"),
        ("Bexar_AMS_1955_frames", "02-11-55_412"): ("02-11-55", "N/A", "412"),
        ("Bexar_USDA_1955_index", "USDA_1955_4_300dpi_2"): ("1955", "USDA", "4"),
        ("StratMap_CAPCOG_2017_frames", "r1_f2_2017"): ("2017", "r1", "f2")}
    assert records == 3 + 2 * 3
    assert (tmp_path / "products/tile_index/Travis_USDA_1953_frames_idx.zip").exists()
    assert list((tmp_path / "products/bw/Travis/USDA_1953/frames/cog").glob("*/04-01-53_3B-25.tif"))
