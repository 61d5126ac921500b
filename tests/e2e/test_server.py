"""The real program serving a real catalogue: what a client sees, good requests and bad."""
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest
from PIL import Image

BIN = os.environ["TERRAZZO_BIN"]
HERE = os.path.dirname(os.path.abspath(__file__))


def make_raster(path, values, nodata=None, srs="EPSG:32633", ulx=400000, uly=5900000, size=30):
    """A GeoTIFF of `values` (rows x cols), north up, `size` metres a pixel."""
    raw = f"{path}.img"
    values.tofile(raw)
    types = {"uint8": 1, "int16": 2, "float32": 4, "uint16": 12}
    with open(f"{path}.hdr", "w") as header:
        header.write(f"ENVI\nsamples = {values.shape[1]}\nlines = {values.shape[0]}\nbands = 1\n"
                     f"data type = {types[values.dtype.name]}\ninterleave = bsq\nbyte order = 0\n")
    corner = [ulx, uly, ulx + size * values.shape[1], uly - size * values.shape[0]]
    command = ["gdal_translate", "-q", "-a_srs", srs, "-a_ullr", *map(str, corner), raw, path]
    if nodata is not None:
        command[1:1] = ["-a_nodata", str(nodata)]
    subprocess.run(command, check=True)
    for extra in (raw, f"{path}.hdr", f"{path}.aux.xml", f"{raw}.aux.xml"):
        if os.path.exists(extra):
            os.unlink(extra)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, *options, env=None, cwd=None):
        self.port = free_port()
        self.process = subprocess.Popen([BIN, "serve", "--port", str(self.port), *options], cwd=cwd,
                                        env={**os.environ, **(env or {})}, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        for _ in range(100):
            try:
                self.get("/keys")
                return
            except urllib.error.URLError:
                assert self.process.poll() is None, self.process.stderr.read()
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def get(self, path, method="GET", headers=None, body=None):
        url = f"http://127.0.0.1:{self.port}" + urllib.parse.quote(path, safe="/?&=[],:%+()*.-")
        request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.headers, answer.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Keys (kind, band): ramp/{a,b} uint16 with no data on the left, classes/lc uint8."""
    folder = tmp_path_factory.mktemp("world")
    rows, cols = np.mgrid[0:300, 0:400]
    for band, factor in (("a", 1), ("b", 2)):
        values = (cols * factor + 100).astype("uint16")
        values[:, :20] = 0
        make_raster(str(folder / f"ramp_{band}.tif"), values, nodata=0)
    make_raster(str(folder / "classes_lc.tif"), (1 + (rows // 100)).astype("uint8"))
    subprocess.run([BIN, "ingest", str(folder / "{kind}_{band}.tif"), "-o", str(folder / "c.sqlite"), "-q"],
                   check=True)
    return folder


@pytest.fixture(scope="module")
def server(world):
    running = Server("-d", str(world / "c.sqlite"))
    yield running
    assert running.stop() == 0


def picture(answer, mode="RGBA"):
    status, headers, body = answer
    assert status == 200, body
    assert headers["Content-Type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(body)).convert(mode))


def message(answer, status):
    assert answer[0] == status, answer[2][:300]
    assert answer[1]["Content-Type"].startswith("application/json")
    return json.loads(answer[2])["message"]


def test_keys_datasets_and_metadata_tell_what_was_ingested(server):
    assert json.loads(server.get("/keys")[2]) == {"keys": [{"key": "kind"}, {"key": "band"}]}
    found = json.loads(server.get("/datasets?kind=ramp")[2])["datasets"]
    assert found == [{"kind": "ramp", "band": "a"}, {"kind": "ramp", "band": "b"}]
    metadata = json.loads(server.get("/metadata/ramp/a")[2])
    assert metadata["range"] == [120, 499]
    assert metadata["valid_percentage"] == pytest.approx(95)
    assert metadata["mean"] == pytest.approx(np.arange(120, 500).mean())
    assert metadata["stdev"] == pytest.approx(np.arange(120, 500).std())
    assert len(metadata["percentiles"]) == 99


def test_a_preview_shows_the_ramp_and_hides_no_data(server):
    got = picture(server.get("/singleband/ramp/a/preview.png?tile_size=[300,400]"))
    assert got.shape == (300, 400, 4)
    middle = got[150]
    assert middle[0, 3] == 0 and middle[200, 3] == 255
    shades = middle[40:380, 0].astype(int)
    assert (np.diff(shades) >= 0).all() and shades[-1] - shades[0] > 200


def test_rgb_and_compute_combine_bands(server):
    rgb = picture(server.get("/rgb/ramp/preview.png?r=a&g=b&b=a"), "RGB")
    assert rgb.max() > 200
    zero = picture(server.get("/compute/ramp/preview.png?expression=v2*1.0-v1-v1%2B100&v1=a&v2=b&stretch_range=[-50,50]"), "LA")
    visible = zero[..., 1] > 0
    assert visible.mean() > 0.8
    assert (abs(zero[visible][:, 0].astype(int) - 128) <= 6).all()  # 0 but for rounded averages


def test_classes_get_their_colours(server):
    colours = json.dumps({"1": "ff0000", "2": [0, 255, 0], "3": [0, 0, 255, 128]}, separators=(",", ":"))
    query = urllib.parse.quote(colours, safe="")
    got = picture(server.get(f"/singleband/classes/lc/preview.png?colormap=explicit&explicit_color_map={query}"))
    assert {tuple(c) for c in got[[40, 128, 215], 128]} == {(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 128)}


def test_an_unchanged_tile_is_not_sent_again(server):
    status, headers, body = server.get("/singleband/ramp/a/preview.png")
    assert headers["ETag"] and headers["Cache-Control"] == "no-cache"
    again = server.get("/singleband/ramp/a/preview.png", headers={"If-None-Match": headers["ETag"]})
    assert again[0] == 304 and again[2] == b""
    head = server.get("/singleband/ramp/a/preview.png", method="HEAD")
    assert head[0] == 200 and head[2] == b"" and head[1]["Content-Length"] == str(len(body))


BAD = [
    ("/singleband/ramp/a/1/0/0.png?tile_size=[100000,100000]", 400),
    ("/singleband/ramp/a/1/0/0.png?tile_size=[0,10]", 400),
    ("/singleband/ramp/a/1/0/0.png?stretch_range=[1,", 400),
    ("/singleband/ramp/a/1/0/0.png?stretch_range=nonsense", 400),
    ("/singleband/ramp/a/1/0/0.png?colormap=nope", 400),
    ("/singleband/ramp/a/preview.png?colormap=explicit&explicit_color_map={\"1\":5}", 400),
    ("/singleband/ramp/a/preview.png?color_transform=", 400),
    ("/singleband/ramp/nope/1/0/0.png", 404),
    ("/rgb/ramp/preview.png?r=a&g=b&b=nope", 404),
    ("/compute/ramp/preview.png?expression=" + "v1%2B" * 2500 + "v1&v1=a&stretch_range=[0,1]", 400),
    ("/compute/ramp/preview.png?expression=v1.size&v1=a&stretch_range=[0,1]", 400),
    ("/compute/ramp/preview.png?expression=v1&v1=a&stretch_range=[null,1]", 400),
    ("/metadata/ramp/a?columns=[\"nope\"]", 400),
    ("/datasets?nokey=1", 400),
    ("/colormap?stretch_range=[0,1]&num_values=-1", 400),
    ("/histogram/ramp/nope", 404),
    ("/search?q=" + "a+" * 2000, 400),
    ("/point/ramp/a?lon=east&lat=1", 400),
]


@pytest.mark.parametrize("path, status", BAD, ids=[p[:60] for p, _ in BAD])
def test_bad_input_is_told_apart_and_explained(server, path, status):
    assert message(server.get(path), status)


def test_too_large_a_zoom_is_an_empty_tile(server):
    assert picture(server.get("/singleband/ramp/a/99999/5/5.png"))[..., 3].max() == 0


def test_a_body_that_is_not_json_is_refused(server):
    status = server.get("/metadata", method="POST", body=b"{nope", headers={"Content-Type": "application/json"})[0]
    assert status == 400


def test_histogram_and_point_agree_with_the_raster(server):
    histogram = json.loads(server.get("/histogram/ramp/a?bins=10")[2])
    assert sum(histogram["counts"]) == histogram["valid"] == 300 * 380
    bounds = json.loads(server.get("/metadata/ramp/a")[2])["bounds"]
    middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
    value = json.loads(server.get(f"/point/ramp/a?lon={middle[0]}&lat={middle[1]}")[2])
    assert abs(value["value"] - 300) < 5 and value["native"]["crs"] == "EPSG:32633"


def test_search_filters_counts_and_pages(server):
    found = json.loads(server.get("/search?q=ramp&limit=1&page=1")[2])
    assert found["total"] == 2 and [d["keys"]["band"] for d in found["datasets"]] == ["b"]
    facets = json.loads(server.get("/search")[2])["facets"]
    assert {f["value"]: f["count"] for f in facets["kind"]} == {"ramp": 2, "classes": 1}
    assert json.loads(server.get("/search?bbox=100,0,101,1")[2])["total"] == 0


def test_the_api_describes_itself(server):
    api = json.loads(server.get("/swagger.json")[2])
    assert api["openapi"].startswith("3.")
    assert {"/keys", "/datasets", "/metadata", "/search"} <= set(api["paths"])
    assert server.get("/healthz")[0] == 200
    assert b"terrazzo_" in server.get("/metrics")[2]


def test_a_replaced_file_is_served_anew(world, tmp_path):
    for name in ("ramp_a.tif", "ramp_b.tif"):
        shutil.copy(world / name, tmp_path / name)
    subprocess.run([BIN, "ingest", str(tmp_path / "{kind}_{band}.tif"), "-o", str(tmp_path / "c.sqlite"), "-q"], check=True)
    running = Server("-d", str(tmp_path / "c.sqlite"))
    path = "/singleband/ramp/a/preview.png?stretch_range=[0,1000]"
    before = running.get(path)
    make_raster(str(tmp_path / "new.tif"), np.full((300, 400), 1000, "uint16"), nodata=0)
    os.replace(tmp_path / "new.tif", tmp_path / "ramp_a.tif")
    after = running.get(path)
    assert before[1]["ETag"] != after[1]["ETag"]
    assert picture(after, "L").max() == 255 and picture(before, "L").max() < 140
    os.unlink(tmp_path / "ramp_a.tif")
    assert "missing" in message(running.get(path + "&colormap=jet"), 503)
    assert running.stop() == 0


def test_new_datasets_appear_while_serving(world, tmp_path):
    shutil.copy(world / "c.sqlite", tmp_path / "c.sqlite")
    running = Server("-d", str(tmp_path / "c.sqlite"))
    make_raster(str(tmp_path / "late_x.tif"), np.full((64, 64), 5, "uint8"))
    subprocess.run([BIN, "ingest", str(tmp_path / "{kind}_{band}.tif"), "-o", str(tmp_path / "c.sqlite"), "-q"], check=True)
    assert json.loads(running.get("/datasets?kind=late")[2])["datasets"] == [{"kind": "late", "band": "x"}]
    assert running.stop() == 0


def test_a_pattern_is_served_without_a_catalogue(world):
    running = Server("-r", str(world / "ramp_{band}.tif"))
    assert len(json.loads(running.get("/datasets")[2])["datasets"]) == 2
    assert picture(running.get("/singleband/a/preview.png")).shape == (256, 256, 4)
    assert running.stop() == 0


def test_a_read_only_catalogue_without_metadata_denies_lazy_loading(world, tmp_path):
    subprocess.run([BIN, "ingest", str(world / "ramp_{band}.tif"), "-o", str(tmp_path / "c.sqlite"),
                    "--skip-metadata", "-q"], check=True)
    running = Server("-d", str(tmp_path / "c.sqlite"))
    assert json.loads(running.get("/metadata/a")[2])["range"] == [120, 499]
    assert running.stop() == 0


def test_settings_come_from_terracottas_variables(world):
    running = Server("-d", str(world / "c.sqlite"), env={"TC_DEFAULT_TILE_SIZE": "[64,32]", "TERRAZZO_CACHE_CONTROL": "max-age=9"})
    status, headers, body = running.get("/singleband/ramp/a/preview.png")
    assert Image.open(io.BytesIO(body)).size == (32, 64) and headers["Cache-Control"] == "max-age=9"
    assert running.stop() == 0


def test_many_connections_get_well_formed_answers_and_memory_stays_flat(world, tmp_path):
    running = Server("-d", str(world / "c.sqlite"))
    (tmp_path / "paths").write_text("/singleband/ramp/a/preview.png?colormap=viridis\n/rgb/ramp/preview.png?r=a&g=b&b=a\n")
    done = subprocess.run([sys.executable, f"{HERE}/../load/hammer.py", str(running.port), "--connections", "200",
                           "--seconds", "9", "--pid", str(running.process.pid), "--paths", str(tmp_path / "paths")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert running.stop() == 0
