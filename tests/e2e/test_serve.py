"""Starting and ending: settings, addresses, what connect finds, requests that never end."""
import contextlib
import http.server
import os
import re
import socket
import sqlite3
import threading

import pytest

from conftest import end, get, get_json, wait_for
from rasters import raster


@pytest.mark.parametrize("text, message", [
    ("# x\nDEFAULT_TILESIZE = [1, 1]\n", "settings.toml:2: no option is called 'default_tilesize'; did you mean 'default_tile_size'?"),
    ("debug = true\npng_compress_level = 12\n", "settings.toml:2: 'png_compress_level' cannot be 12; it is at most 9"),
    ("max_tile_size = 100\n", "'max_tile_size' cannot be 100 while 'default_tile_size' is [256, 256]"),
    ('cache_control = "a\\r\\nX: y"\n', "'cache_control' cannot be"),
])
def test_a_wrong_setting_is_named_with_its_place(terrazzo, tmp_path, text, message):
    (tmp_path / "settings.toml").write_text(text)
    assert message in terrazzo("-c", "settings.toml", "serve", "-d", "x", code=2).stderr


def test_a_variable_that_is_no_setting_is_warned_of(terrazzo):
    env = {"TERRAZZO_DEFAULT_TILESIZE": "[1, 1]", "TERRAZZO_FROBNICATE": "1", "TERRAZZO_THREADS": "1"}
    errors = terrazzo("serve", "-d", "missing.sqlite", env=env, code=3).stderr
    assert "TERRAZZO_DEFAULT_TILE_SIZE" in errors and "TERRAZZO_FROBNICATE" in errors
    assert "TERRAZZO_THREADS" not in errors


def test_serve_says_why_it_cannot_listen(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    assert "192.0.2.1" in terrazzo("serve", "-r", "{name}.tif", "--host", "192.0.2.1", code=2).stderr
    terrazzo("serve", "-r", "{name}.tif", "--host", "maps.example", code=2)
    process, about = terrazzo.start_server("serve", "-r", "{name}.tif", "--host", "localhost", env={"TERRAZZO_LOGLEVEL": "info"})
    assert about["url"].startswith("http://localhost:") and about["datasets"] == 1
    assert get_json(about["url"] + "keys")
    assert end(process) == 0


def test_a_request_that_nothing_stops_does_not_keep_the_process(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    (tmp_path / "a.tif").unlink()
    os.mkfifo(tmp_path / "a.tif")  # whoever opens it waits for a writer
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite", "--threads", "2", "--drain-timeout", "0.2")
    with contextlib.closing(socket.create_connection(("127.0.0.1", int(about["url"].split(":")[2].strip("/"))))) as client:
        client.sendall(b"GET /singleband/a/preview.png HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: b"terrazzo_requests_in_flight 2" in get(about["url"] + "metrics"))  # that one, and this
        assert end(process) == 0


def test_rasters_come_from_an_s3_server_of_ones_own(terrazzo, tmp_path):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "out.sqlite")) as database:
        database.execute("UPDATE datasets SET path = 's3://bucket/a.tif'")
        database.commit()
    content = (tmp_path / "a.tif").read_bytes()
    asked = []

    class Store(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization", "")))
            first, last = 0, len(content) - 1
            if ranged := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")):
                first, last = int(ranged[1]), min(int(ranged[2]), last)
            self.send_response(206 if ranged else 200)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            self.send_header("Content-Length", str(last - first + 1))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[first:last + 1])

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store) as store:
        threading.Thread(target=store.serve_forever, daemon=True).start()
        env = {"TC_RASTER_AWS_S3_ENDPOINT": f"http://127.0.0.1:{store.server_port}", "TC_RASTER_AWS_ACCESS_KEY": "reader",
               "TC_RASTER_AWS_SECRET_KEY": "secret", "no_proxy": "127.0.0.1"}
        process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env=env)
        assert get(about["url"] + "singleband/a/preview.png").startswith(b"\x89PNG")
        assert end(process) == 0
        store.shutdown()
    assert asked and all(path == "/bucket/a.tif" and "Credential=reader/" in signed for path, signed in asked)


def test_connect_tells_mistakes_from_bad_luck(terrazzo, tmp_path):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status = {"/gone": 404, "/closed": 403, "/busy": 503}.get(self.path.removesuffix("/keys"), 200)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"hello": "world"}')

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        for path, code in {"": 6, "/gone": 3, "/closed": 5, "/busy": 75}.items():
            assert url in terrazzo("connect", url + path, "--no-browser", code=code).stderr
        other.shutdown()
    terrazzo("connect", "ftp://127.0.0.1", "--no-browser", code=2)
    terrazzo("connect", "http://[nonsense", "--no-browser", code=2)
    terrazzo("connect", "http://no-such-host.invalid", "--no-browser", code=3)
