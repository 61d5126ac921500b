#!/usr/bin/env python3
"""Times the whole server on this machine:  bench/server.py PROGRAM [hits|start|random]...

hits    tiles that are kept, against nginx with the same bytes as a file: wrk at both in turn
start   process start to the first tile of a local COG, the files in the page cache
random  tiles of 12 scenes: nothing kept, blocks kept, pictures kept; and resident memory beside the budget
Needs wrk, and nginx for hits (apt: wrk nginx-light). Makes its own scenes; see tests/load/make_scenes.py.
"""
import itertools
import json
import math
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
SCENES = 12
PAIRS = 9
BUDGET = 128 << 20
NGINX = """
daemon off; {user} worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; types {{ image/png png; }}
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; root {folder}/html; }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.0005)


def cpu_seconds(pid):
    """Of a process and its children."""
    ticks = 0
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in [pid, *children]:
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) * 1024


class Server:
    """A process on a port of its own, for a `with`."""

    def __init__(self, *words, port=None):
        self.port = port or free_port()
        self.words = [str(word).format(port=self.port) for word in words]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        wait_for(self.port).close()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return answer.read()


class World:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "raw").mkdir()
        subprocess.run([sys.executable, HERE / "../tests/load/make_scenes.py", folder / "raw", f"--count={SCENES}"], check=True)
        subprocess.run([program, "optimize-rasters", f"{folder}/raw/*.tif", "-o", folder / "cogs", "-q"], check=True)
        self.database = folder / "catalog.sqlite"
        subprocess.run([program, "ingest", f"{folder}/cogs/raw_{{scene}}.tif", "-o", self.database, "-q"], check=True)

    def server(self, *flags):
        return Server(self.program, "serve", "-d", self.database, "--port", "{port}", "--json", "--resampler", "fast", *flags)

    def paths(self, server, low):
        """Tiles of every scene over five zooms, stretched from `low`."""
        for number in range(SCENES):
            west, south, east, north = json.loads(server.get(f"/metadata/s{number}"))["bounds"]
            for zoom in (9, 10, 11, 12, 13):
                (left, top), (right, bottom) = tile_of(west, north, zoom), tile_of(east, south, zoom)
                for x, y in itertools.product(range(left, right + 1), range(top, bottom + 1)):
                    yield f"/singleband/s{number}/{zoom}/{x}/{y}.png?colormap=viridis&stretch_range=[{low},3600]"


def tile_of(longitude, latitude, zoom):
    north = math.asinh(math.tan(math.radians(latitude)))
    return int((longitude / 360 + 0.5) * 2**zoom), int((0.5 - north / math.tau) * 2**zoom)


def wrk(url, *options, seconds=2, connections=32):
    text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", *options, url],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"wrk met errors:\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return rate, re.search(r"99%\s+(\S+)", text)[1]


def wrk_script(folder, name, body):
    path = folder / f"{name}.lua"
    path.write_text(body)
    return ["-s", str(path)]


def hits(world):
    nginx = shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"])
    if nginx is None:
        return print("hits: not present: nginx")
    html = world.folder / "html"
    html.mkdir()
    port = free_port()
    config = world.folder / "nginx.conf"
    config.write_text(NGINX.format(folder=world.folder, port=port,
                                   user="user root;" if os.geteuid() == 0 else ""))
    with world.server() as ours, Server(nginx, "-c", config, port=port) as theirs:
        path, size = min(((p, len(ours.get(p))) for p in itertools.islice(world.paths(ours, 600), 40)),
                         key=lambda pair: abs(pair[1] - 20_000))
        (html / "tile.png").write_bytes(ours.get(path))
        rates, costs = {ours: [], theirs: []}, {ours: [], theirs: []}
        for run in range(PAIRS + 1):
            for server, target in ((ours, path), (theirs, "/tile.png")):
                before = cpu_seconds(server.process.pid)
                rate, _ = wrk(server.url + target)
                if run == 0:
                    continue
                rates[server].append(rate)
                costs[server].append((cpu_seconds(server.process.pid) - before) / (2 * rate) * 1e6)
    ratio = statistics.median(a / b for a, b in zip(rates[ours], rates[theirs]))
    cost = statistics.median(b / a for a, b in zip(costs[ours], costs[theirs]))
    print(f"hits, {size} bytes: {statistics.median(rates[ours]):.0f}/s, nginx {statistics.median(rates[theirs]):.0f}/s, "
          f"ratio {ratio:.2f}; CPU {statistics.median(costs[ours]):.1f} µs each, nginx "
          f"{statistics.median(costs[theirs]):.1f}, ratio {cost:.2f}")


def start(world):
    with world.server() as server:
        path = next(world.paths(server, 600))
        server.get(path)
    times, cpu = [], []
    for _ in range(PAIRS):
        server = world.server()
        began = time.monotonic()
        process = subprocess.Popen(server.words, stdout=subprocess.DEVNULL)
        with wait_for(server.port) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            while connection.recv(1 << 16):
                pass
        times.append((time.monotonic() - began) * 1e3)
        process.terminate()
        used = os.wait4(process.pid, 0)[2]
        cpu.append((used.ru_utime + used.ru_stime) * 1e3)
    print(f"start to first tile: {statistics.median(times):.1f} ms (CPU of the whole life {statistics.median(cpu):.1f} ms)")


def random_tiles(world):
    cycle = "request = function() i = i % #paths + 1 return wrk.format(nil, (paths[i]:gsub('LOW', low()))) end\n"
    with world.server() as server:
        paths = list(world.paths(server, "LOW"))
    # From a seed, so that each run asks in the same order.
    listed = "local paths = {" + ", ".join(f'"{p}"' for p in sorted(paths, key=hash_of)) + "}\nlocal i, n = 0, 500\n"
    anew = wrk_script(world.folder, "anew", listed + "local function low() n = n % 1500 + 1 return n end\n" + cycle)
    kept = wrk_script(world.folder, "kept", listed + "local function low() return 600 end\n" + cycle)
    rows = [("nothing kept", ["--raster-cache-size", 0], anew), ("blocks kept", ["--raster-cache-size", BUDGET], anew),
            ("pictures kept", ["--raster-cache-size", BUDGET], kept)]
    for name, flags, script in rows:
        with world.server(*flags) as server:
            wrk(server.url, *script, seconds=3, connections=8)
            rate, p99 = wrk(server.url, *script, seconds=5, connections=8)
            print(f"random tiles of {SCENES} scenes, {name}: {rate:.0f}/s, p99 {p99}; resident at most "
                  f"{resident(server.process.pid) >> 20} MB, budget {flags[1] >> 20} MB")
    print("(Terracotta 0.9 on two processes once measured elsewhere: 74.5/s cold, 411/s warm)")


def hash_of(text):
    """Shuffles, in the same way each time."""
    return sum(ord(c) * 31**k % 10007 for k, c in enumerate(text))


def main():
    rows = {"hits": hits, "start": start, "random": random_tiles}
    program, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or list(rows)
    with tempfile.TemporaryDirectory() as folder:
        world = World(program, pathlib.Path(folder))
        for name in wanted:
            rows[name](world)


main()
