#!/usr/bin/env python3
"""Many keep-alive connections that ask good and bad things for a while, and read every answer.

    hammer.py PORT [--connections 2000] [--seconds 60] [--pid PID] [--paths FILE]

Each answer must be well-formed: a status line, headers, a body of Content-Length bytes, JSON that
parses, PNG that begins and ends as one. With --pid the server's resident memory is sampled: after
the first third of the time it may not grow by more than 10 %. Talks to 127.0.0.1 only.
Exit status 0 only if all of that held.
"""
import argparse
import asyncio
import json
import random
import re
import sys
import time

GOOD_BAD = [
    ("/keys", {200}), ("/datasets?limit=5", {200}), ("/datasets?limit=x", {400}),
    ("/datasets?nokey=1", {400}), ("/healthz", {200}), ("/metrics", {200}),
    ("/colormap?stretch_range=[0,1]&num_values=20", {200}), ("/colormap?stretch_range=[0", {400}),
    ("/nope", {404}), ("/singleband/1/2", {404}), ("/swagger.json", {200}),
    ("/metadata/no/such", {400, 404}), ("/%ff%00%zz", {400, 404}),
    ("/compute/x/1/1/1.png?expression=" + "(" * 300, {400}),
]
MALFORMED = [b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST /metadata HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
             b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"]


class Figures:
    def __init__(self):
        self.statuses, self.faults, self.answers = {}, [], 0


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    match = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
    if not match:
        raise ValueError(f"status line {first!r}")
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    length = int(headers.get("content-length", 0))
    body = await reader.readexactly(length) if int(match[1]) != 304 else b""
    kind = headers.get("content-type", "")
    if kind.startswith("application/json"):
        json.loads(body)
    if kind.startswith("image/png") and not (body[:8] == b"\x89PNG\r\n\x1a\n" and body[-8:-4] == b"IEND"):
        raise ValueError("a PNG that is not one")
    return int(match[1]), headers


async def client(port, paths, until, figures, rng):
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            figures.faults.append(f"connect: {error}")
            await asyncio.sleep(1)
            continue
        try:
            await converse(reader, writer, paths, until, figures, rng)
        finally:
            writer.close()


async def converse(reader, writer, paths, until, figures, rng):
    while time.monotonic() < until:
        malformed = rng.random() < 0.01
        path, wanted = rng.choice(paths)
        request = rng.choice(MALFORMED) if malformed else f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        try:
            writer.write(request)
            await writer.drain()
            status, headers = await asyncio.wait_for(read_answer(reader), 60)
        except (OSError, asyncio.IncompleteReadError):
            if not malformed:
                figures.faults.append(f"{path}: connection broke")
            return
        except (ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError) as error:
            figures.faults.append(f"{path}: {error!r}")
            return
        figures.answers += 1
        figures.statuses[status] = figures.statuses.get(status, 0) + 1
        if malformed and status < 400:
            figures.faults.append(f"{request[:40]!r}: {status}")
        if not malformed and status not in wanted | {503}:
            figures.faults.append(f"{path}: {status}, not {wanted}")
        if headers.get("connection") == "close":
            return
        await asyncio.sleep(rng.random() * 0.5)


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def watch_memory(pid, until, samples):
    while time.monotonic() < until:
        samples.append(resident_kb(pid))
        await asyncio.sleep(1)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--paths", help="more paths that must answer 200, one a line")
    args = parser.parse_args()
    paths = list(GOOD_BAD)
    if args.paths:
        with open(args.paths) as lines:
            paths += [(line.strip(), {200}) for line in lines if line.strip()]
    figures, samples, until = Figures(), [], time.monotonic() + args.seconds
    work = [client(args.port, paths, until, figures, random.Random(i)) for i in range(args.connections)]
    if args.pid:
        work.append(watch_memory(args.pid, until, samples))
    await asyncio.gather(*work)

    print(f"{figures.answers} answers over {args.connections} connections: {dict(sorted(figures.statuses.items()))}")
    bad = bool(figures.faults)
    for fault in figures.faults[:10]:
        print("fault:", fault)
    if samples:
        third = samples[len(samples) // 3:]
        grown = max(third[-3:]) / third[0] - 1
        print(f"resident memory {third[0] // 1024} MB after warm-up, {third[-1] // 1024} MB at the end ({grown:+.1%})")
        bad |= grown > 0.10
    print(f"{len(figures.faults)} faults")
    return 1 if bad or not figures.answers else 0


sys.exit(asyncio.run(main()))
