"""Rasters on web servers, read by terrazzo itself."""
import contextlib
import http.server
import io
import shutil
import sqlite3
import threading

import numpy
import pytest
from PIL import Image

from conftest import end, get, get_json
from rasters import raster


class Ranges(http.server.BaseHTTPRequestHandler):
    """Serves the server's files by ranges, with ETags."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body, etag = self.server.files[self.path]
        self.server.asked.append(self.headers.get("Range"))
        if self.headers.get("If-Match", etag) != etag:
            return self.answer(412, b"")
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        part = body[first:last + 1]
        self.answer(206, part, ETag=etag, Content_Range=f"bytes {first}-{first + len(part) - 1}/{len(body)}")

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    server.files, server.asked = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def moved_to_the_web(web, database, path):
    web.files["/a.tif"] = (path.read_bytes(), '"v1"')
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE datasets SET path = ?", (web.url + "/a.tif",))
        connection.commit()
    path.unlink()


def heads(web):
    return web.asked.count("bytes=0-32767")


def test_info_tells_of_a_raster_on_the_web(terrazzo, tmp_path, web):
    raster(tmp_path / "a.tif", size=300)
    web.files["/a.tif"] = ((tmp_path / "a.tif").read_bytes(), '"v1"')
    local, remote = terrazzo.json("info", "a.tif"), terrazzo.json("info", web.url + "/a.tif")
    for about in (local, remote):
        assert about["crs"].pop("wkt")  # one system, in the words of two libraries
    assert remote == local
    assert web.asked


def test_a_restarted_server_remembers_headers_and_bytes(terrazzo, tmp_path, web):
    rows, cols = numpy.mgrid[0:700, 0:700]
    noise = numpy.random.default_rng(1).integers(0, 9, (700, 700))
    raster(tmp_path / "raw" / "a.tif", values=(2000 + rows + cols + noise).astype("uint16")[None])
    terrazzo("optimize-rasters", "raw/*.tif", "-o", "cogs")
    terrazzo("ingest", "cogs/{name}.tif", "-o", "out.sqlite")
    moved_to_the_web(web, tmp_path / "out.sqlite", tmp_path / "cogs" / "a.tif")
    shutil.rmtree(tmp_path / "cogs")
    variables = {"TERRAZZO_RESAMPLER": "fast", "TERRAZZO_RASTER_DISK_CACHE": str(tmp_path / "cache")}
    pictures, asked = [], []
    for _ in range(2):
        process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env=variables)
        pictures.append(get(about["url"] + "singleband/a/preview.png"))
        assert end(process) == 0
        asked.append(len(web.asked))
    assert numpy.asarray(Image.open(io.BytesIO(pictures[0])).convert("RGBA"))[..., 3].any()
    assert pictures[0] == pictures[1]
    assert heads(web) == 1
    assert asked[0] == asked[1]
    assert sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*")) > 0
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite")
    assert get_json(about["url"] + "datasets")["datasets"] == [{"name": "a"}]
    assert end(process) == 0
