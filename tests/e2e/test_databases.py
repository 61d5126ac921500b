"""Catalogues on database servers, which these tests start themselves."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT, end, get, get_json, wait_for
from rasters import raster

KINDS = {"postgresql": ("postgresql", signal.SIGINT), "mariadb": ("mysql", signal.SIGTERM)}


class Server:
    """tests/servers/KIND in a folder that its user can reach."""

    def __init__(self, kind):
        self.kind = kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="terrazzo-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self):
        self.process = subprocess.Popen([ROOT / "tests/servers" / self.kind, self.folder, str(self.port)],
                                        stdout=subprocess.PIPE, text=True)

    def url(self, database, login="terrazzo:terrazzo@"):
        return f"{KINDS[self.kind][0]}://{login}127.0.0.1:{self.port}/{database}"

    def stop(self):
        while self.process.poll() is None:  # while it is being set up it does not listen
            self.process.send_signal(KINDS[self.kind][1])
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass


@pytest.fixture(scope="module", params=KINDS)
def server(request):
    server = Server(request.param)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def wait_until_ready(server, terrazzo):
    """Skips if there is no such server on this machine."""
    until = time.monotonic() + 60
    while True:
        if server.process.poll() == 77:
            pytest.skip(server.process.stdout.read().strip())
        done = subprocess.run([terrazzo.path, "info", server.url("no_such_database")], capture_output=True, text=True)
        if done.returncode == 3:  # it says that there is no such database
            return
        assert time.monotonic() < until, done.stderr
        time.sleep(0.1)


@pytest.fixture
def database(server, terrazzo, request):
    """The URL of a database that is not there yet."""
    wait_until_ready(server, terrazzo)
    return server.url(request.node.name.split("[")[0][:40])


def test_ingest_makes_it_and_serve_follows_it(terrazzo, tmp_path, database):
    raster(tmp_path / "S2_20240601_B02.tif")
    raster(tmp_path / "S2_20240601_B03.tif")
    about = terrazzo.json("ingest", "{sensor}_{date}_{band}.tif", "-o", database)
    assert about["inserted"] == 2 and "terrazzo:" not in str(about)
    about = terrazzo.json("info", database)
    assert about["version"] == "0.9" and about["datasets"] == 2
    assert [key["key"] for key in about["keys"]] == ["sensor", "date", "band"]

    process, about = terrazzo.start_server("serve", "-d", database, env={"TERRAZZO_LOGLEVEL": "info"})
    url = about["url"]
    assert about["datasets"] == 2
    assert get(url + "singleband/S2/20240601/B02/preview.png").startswith(b"\x89PNG")
    assert get_json(url + "metadata/S2/20240601/B02")["range"] == [1.0, 1000.0]
    assert len(get_json(url + "datasets?band=[B02,B03]")["datasets"]) == 2

    raster(tmp_path / "S2_20240602_B02.tif")
    assert terrazzo.json("ingest", "{sensor}_{date}_{band}.tif", "-o", database, "--skip-existing")["skipped"] == 2
    wait_for(lambda: len(get_json(url + "datasets")["datasets"]) == 3, seconds=5)
    assert end(process) == 0
    assert "terrazzo:terrazzo" not in process.communicate()[1]


def test_metadata_that_wait_are_computed_by_the_server(terrazzo, tmp_path, database):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", database, "--skip-metadata")
    process, about = terrazzo.start_server("serve", "-d", database)
    assert get_json(about["url"] + "metadata/a")["range"] == [1.0, 1000.0]
    end(process)
    process, about = terrazzo.start_server("serve", "-d", database)
    assert get_json(about["url"] + "metadata/a")["range"] == [1.0, 1000.0]


def test_user_and_password_may_be_settings(terrazzo, tmp_path, server, database):
    raster(tmp_path / "a.tif")
    bare = server.url(database.rsplit("/", 1)[1], login="")
    login = {"TC_SQL_USER": "terrazzo", "TERRAZZO_SQL_PASSWORD": "terrazzo"}
    wrong = {**login, "TERRAZZO_SQL_PASSWORD": "sesame"}
    assert "sesame" not in terrazzo("ingest", "{name}.tif", "-o", bare, env=wrong, code=5).stderr
    terrazzo("ingest", "{name}.tif", "-o", bare, env=login)
    assert terrazzo.json("info", bare, env=login)["datasets"] == 1
    assert "nothing to do" in terrazzo("migrate", bare, env=login).stdout
    process, about = terrazzo.start_server("serve", "-d", bare, env=login)
    assert about["datasets"] == 1
    assert "sesame" not in terrazzo("serve", "-d", bare, env=wrong, code=5).stderr


def test_other_keys_are_refused(terrazzo, tmp_path, database):
    raster(tmp_path / "a_b.tif")
    terrazzo("ingest", "{name}_{band}.tif", "-o", database)
    assert "incompatible key names" in terrazzo("ingest", "{scene}_{band}.tif", "-o", database, code=2).stderr
    terrazzo("ingest", "{name}_{band}.tif", "-o", database, "--only-new", code=4)
    assert terrazzo.json("info", database)["datasets"] == 1


def test_overwrite_replaces_all_at_once(terrazzo, tmp_path, database):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", database, "--overwrite")  # there is none yet
    (tmp_path / "a.tif").rename(tmp_path / "b.tif")
    process, about = terrazzo.start_server("serve", "-d", database)
    terrazzo("ingest", "{name}.tif", "-o", database, "--overwrite")
    wait_for(lambda: get_json(about["url"] + "datasets")["datasets"] == [{"name": "b"}], seconds=5)


def test_a_restart_of_the_database_goes_unnoticed(terrazzo, tmp_path, server, database):
    raster(tmp_path / "a.tif")
    terrazzo("ingest", "{name}.tif", "-o", database)
    process, about = terrazzo.start_server("serve", "-d", database)
    assert len(get_json(about["url"] + "datasets")["datasets"]) == 1
    server.stop()
    server.start()
    wait_until_ready(server, terrazzo)
    assert len(get_json(about["url"] + "datasets")["datasets"]) == 1
    raster(tmp_path / "b.tif")
    terrazzo("ingest", "{name}.tif", "-o", database)
    wait_for(lambda: len(get_json(about["url"] + "datasets")["datasets"]) == 2, seconds=5)


@pytest.mark.parametrize("url", ["postgresql://u:sesame@127.0.0.1:x/a", "mysql://u:sesame@/a", "postgresql://u:sesame@h/a/b",
                                 "mysql://u:se/same@127.0.0.1/a", "postgresql://u:sesame@127.0.0.1:1/"])
def test_a_malformed_url_is_told_without_its_password(terrazzo, url):
    for command in (["info", url], ["serve", "-d", url], ["migrate", url]):
        errors = terrazzo(*command, code=2).stderr
        assert "name" in errors and "sesame" not in errors and "se/same" not in errors
