#!/usr/bin/env python3
"""Pictures of local and remote scenes for a while, each compared with what it has to be.

    mixed.py URL [--seconds 600] [--connections 16] [--pid PID] [--budget BYTES] [--faulty]

The server has the keys (place, scene), place local or remote, the same rasters under both. Each
picture of a remote scene must have the bytes of the local one. Asks for tiles that are kept, for
tiles drawn anew (other ranges of values), for RGB and for computed ones; meanwhile wrk measures, at
a few connections, how long tiles take that are kept, half of them remote. With --pid and --budget the server's resident
memory must stay below budget + 60 MB and be flat after a third of the time. --faulty: remote
pictures may be answered with 503. Exit status 0 only if all of that held.
"""
import argparse
import asyncio
import collections
import hashlib
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

SLACK = 60 << 20
MOST_GROWTH = 0.10
MOST_P99 = 5.0  # milliseconds
SCENES = 12


def get_json(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def tile_of(longitude, latitude, zoom):
    north = math.asinh(math.tan(math.radians(latitude)))
    return int((longitude / 360 + 0.5) * 2**zoom), int((0.5 - north / math.tau) * 2**zoom)


def tiles_of(base, scene, zooms):
    west, south, east, north = get_json(f"{base}/metadata/local/{scene}")["bounds"]
    for zoom in zooms:
        (left, top), (right, bottom) = tile_of(west, north, zoom), tile_of(east, south, zoom)
        for x in range(left, right + 1):
            for y in range(top, bottom + 1):
                yield f"{zoom}/{x}/{y}.png"


def requests_of(base):
    """(path with {place}, is it the same each time) for tiles of every scene."""
    for number in range(SCENES):
        for tile in tiles_of(base, f"s{number}", (9, 10, 11, 12, 13)):
            yield f"/singleband/{{place}}/s{number}/{tile}?colormap=viridis&stretch_range=[{{low}},3600]"
            if number + 2 < SCENES:
                bands = f"r=s{number}&g=s{number + 1}&b=s{number + 2}"
                ranges = "&".join(f"{c}_range=[{{low}},3600]" for c in "rgb")
                yield f"/rgb/{{place}}/{tile}?{bands}&{ranges}"
                yield (f"/compute/{{place}}/{tile}?expression=v1-v2&v1=s{number}&v2=s{number + 1}"
                       f"&stretch_range=[-{{low}},1500]")


class Figures:
    def __init__(self):
        self.statuses = collections.Counter()
        self.faults = collections.Counter()
        self.known = {}  # digest of the local picture by path
        self.compared = 0


async def fetch(reader, writer, path):
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 90)
    length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
    return int(head[9:12]), await reader.readexactly(length)


async def converse(port, templates, until, figures, dice, args):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        template = dice.choice(templates)
        # Half of what is asked for has been asked for before.
        path = template.replace("{low}", str(600 if dice.random() < 0.5 else dice.randrange(500, 1500)))
        expected = None
        for place in ("local", "remote") if args.remote else ("local",):
            status, body = await fetch(reader, writer, path.replace("{place}", place))
            figures.statuses[place, status] += 1
            if status != 200:
                if not (args.faulty and place == "remote" and status == 503):
                    figures.faults[f"{place}: {status}: {body[:80]!r}"] += 1
            elif expected is None:
                expected = hashlib.sha256(body).digest()
            else:
                figures.compared += 1
                if hashlib.sha256(body).digest() != expected:
                    figures.faults["a wrong picture"] += 1
        await asyncio.sleep(args.pause * dice.random())
    writer.close()


def resident(pid):
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


async def watch_memory(pid, until, samples):
    while time.monotonic() < until:
        samples.append(resident(pid))
        await asyncio.sleep(1)


async def time_kept(base, paths, seconds, results):
    """p99 in milliseconds of tiles that are kept, as wrk sees it."""
    with tempfile.TemporaryDirectory() as folder:
        listed = ", ".join(f'"{path}"' for path in paths)
        script = pathlib.Path(folder) / "paths.lua"
        script.write_text(f"local paths = {{{listed}}}\nlocal i = 0\n"
                          "request = function() i = i % #paths + 1 return wrk.format(nil, paths[i]) end\n")
        work = await asyncio.create_subprocess_exec(
            "wrk", "-t1", "-c4", f"-d{int(seconds)}", "--latency", "-s", str(script), base,
            stdout=subprocess.PIPE)
        text = (await work.communicate())[0].decode()
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    results["p99"] = float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]
    results["rate"] = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    results["bad"] = re.findall(r"(Non-2xx.*|Socket errors.*)", text)


def report_memory(samples, budget):
    after = samples[len(samples) // 3:]
    begin, most = sorted(after[:5])[len(after[:5]) // 2], max(after)
    grown = most / begin - 1
    print(f"resident memory: {begin >> 20} MB after a third of the time, at most {most >> 20} MB ({grown:+.1%}); "
          f"the budget is {budget >> 20} MB")
    return most <= budget + SLACK and grown <= MOST_GROWTH


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--pause", type=float, default=0.2, help="most seconds between two requests of a connection")
    parser.add_argument("--pid", type=int)
    parser.add_argument("--budget", type=int, default=0)
    parser.add_argument("--faulty", action="store_true")
    parser.add_argument("--no-remote", dest="remote", action="store_false")
    return parser.parse_args()


async def main():
    args = read_arguments()
    templates = list(requests_of(args.url))
    dice = random.Random(1)
    places = ("local", "remote") if args.remote and not args.faulty else ("local",)
    warm = [t.replace("{place}", places[i % len(places)]).replace("{low}", "600")
            for i, t in enumerate(dice.sample(templates, 200))]
    for path in warm:
        urllib.request.urlopen(args.url + path).read()
    figures, samples, kept, until = Figures(), [], {}, time.monotonic() + args.seconds
    port = int(args.url.rsplit(":", 1)[1])
    work = [converse(port, templates, until, figures, random.Random(i), args) for i in range(args.connections)]
    if args.pid:
        work.append(watch_memory(args.pid, until, samples))
    if shutil.which("wrk"):
        work.append(time_kept(args.url, warm, args.seconds, kept))
    else:
        print("not present: wrk; no times")
    await asyncio.gather(*work)

    counts = {f"{place} {status}": n for (place, status), n in sorted(figures.statuses.items())}
    print(f"pictures: {counts}; {figures.compared} compared with the local one")
    good = not figures.faults and sum(figures.statuses.values()) > 0
    for fault, times in figures.faults.most_common(10):
        print(f"fault: {fault} ({times} times)")
    if kept:
        print(f"kept tiles: {kept['rate']:.0f} a second, p99 {kept['p99']:.2f} ms {' '.join(kept['bad'])}")
        good = good and kept["p99"] < MOST_P99 and not kept["bad"]
    if samples:
        good = report_memory(samples, args.budget) and good
    print("passed" if good else "FAILED")
    return 0 if good else 1


sys.exit(asyncio.run(main()))
