#!/usr/bin/env python3
"""Many keep-alive connections that ask good and bad things for a while, and read every answer.

    hammer.py PORT [--connections 2000] [--seconds 60] [--pid PID] [--paths FILE]

All connections are open at the same time. Each answer must be well-formed: a status line, headers,
a body of Content-Length bytes, JSON that parses, PNG that begins and ends as one. With --pid the
server's resident memory is sampled: after the first third of the time it may not grow by more than
10 %. Talks to 127.0.0.1 only. Exit status 0 only if all of that held.
"""
import argparse
import asyncio
import collections
import json
import random
import re
import resource
import statistics
import sys
import time

WARM_UP = 1 / 3  # of the time
MOST_GROWTH = 0.10
MALFORMED_SHARE = 0.01

GOOD_BAD = [
    ("/keys", {200}), ("/datasets?limit=5", {200}), ("/datasets?limit=x", {400}),
    ("/datasets?nokey=1", {400}), ("/healthz", {200}), ("/metrics", {200}),
    ("/colormap?stretch_range=[0,1]&num_values=20", {200}), ("/colormap?stretch_range=[0", {400}),
    ("/nope", {404}), ("/singleband/1/2", {404}), ("/swagger.json", {200}),
    ("/metadata/no/such", {400, 404}), ("/%ff%00%zz", {400, 404}),
    ("/compute/x/1/1/1.png?expression=" + "(" * 300, {400}),
]
MALFORMED = [b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
             b"POST /metadata HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"]
# More than the server reads: it may close the connection before its answer is fetched.
TOO_LONG = b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"


class Figures:
    def __init__(self):
        self.statuses = collections.Counter()
        self.faults = collections.Counter()
        self.open = self.most_open = self.unanswered = 0

    def opened(self):
        self.open += 1
        self.most_open = max(self.most_open, self.open)


async def read_answer(reader):
    """Status and headers of one answer; ValueError says what is wrong with it."""
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
    first, *lines = head.split("\r\n")
    match = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
    if not match:
        raise ValueError(f"status line {first!r}")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ValueError(f"header {line!r}")
        headers[name.lower()] = value.strip()
    status = int(match[1])
    if status in (204, 304):
        return status, headers
    if not headers.get("content-length", "").isdecimal():
        raise ValueError(f"content-length {headers.get('content-length')!r}")
    check_body(headers.get("content-type", ""), await reader.readexactly(int(headers["content-length"])))
    return status, headers


def check_body(kind, body):
    if "json" in kind:
        json.loads(body)
    if kind.startswith("image/png") and not (body[:8] == b"\x89PNG\r\n\x1a\n" and body[-8:-4] == b"IEND"):
        raise ValueError("a PNG that is not one")


def choose(paths, rng):
    """A request, what it is called, the statuses it may have, and whether silence is allowed."""
    if rng.random() < MALFORMED_SHARE:
        request = rng.choice([*MALFORMED, TOO_LONG])
        return request, repr(request[:40]), range(400, 600), request is TOO_LONG
    path, wanted = rng.choice(paths)
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n".encode(), path, wanted, False


async def converse(reader, writer, paths, until, figures, rng):
    while time.monotonic() < until:
        request, name, wanted, may_be_silent = choose(paths, rng)
        try:
            writer.write(request)
            await writer.drain()
            status, headers = await asyncio.wait_for(read_answer(reader), 60)
        except (OSError, asyncio.IncompleteReadError) as error:
            if may_be_silent:
                figures.unanswered += 1
            else:
                figures.faults[f"{name}: the connection broke: {error!r}"] += 1
            return
        except (ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError) as error:
            figures.faults[f"{name}: {error!r}"] += 1
            return
        figures.statuses[status] += 1
        if status not in wanted:
            figures.faults[f"{name}: {status}, not {wanted}"] += 1
        if headers.get("connection", "").lower() == "close":
            return
        await asyncio.sleep(rng.random() * 0.5)


async def client(port, paths, until, figures, rng):
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            figures.faults[f"connect: {error}"] += 1
            await asyncio.sleep(1)
            continue
        figures.opened()
        try:
            await converse(reader, writer, paths, until, figures, rng)
        finally:
            figures.open -= 1
            writer.close()


async def watch_memory(pid, until, samples, figures):
    """Appends resident kilobytes each second; it is a fault if the process is gone."""
    while time.monotonic() < until:
        try:
            with open(f"/proc/{pid}/status") as lines:
                samples.append(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")))
        except (OSError, StopIteration):
            figures.faults["the server is gone"] += 1
            return
        await asyncio.sleep(1)


def stayed_flat(samples):
    """Is the most that was seen after the warm-up close to the level it began with?"""
    after = samples[int(len(samples) * WARM_UP):]
    begin = statistics.median(after[:3])
    grown = max(after) / begin - 1
    print(f"resident memory: {begin / 1024:.0f} MB after warm-up, at most {max(after) / 1024:.0f} MB "
          f"from then on ({grown:+.1%}), {after[-1] / 1024:.0f} MB at the end")
    return grown <= MOST_GROWTH


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--paths", help="more paths that must answer 200, one a line")
    return parser.parse_args()


async def main():
    args = read_arguments()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    paths = list(GOOD_BAD)
    if args.paths:
        with open(args.paths) as lines:
            paths += [(line.strip(), {200}) for line in lines if line.strip()]
    figures, samples, until = Figures(), [], time.monotonic() + args.seconds
    work = [client(args.port, paths, until, figures, random.Random(i)) for i in range(args.connections)]
    if args.pid:
        work.append(watch_memory(args.pid, until, samples, figures))
    await asyncio.gather(*work)

    print(f"{figures.statuses.total()} answers over {figures.most_open} connections at once: "
          f"{dict(sorted(figures.statuses.items()))}; {figures.unanswered} requests of too many bytes unanswered")
    good = not figures.faults and figures.statuses.total() > 0 and figures.most_open == args.connections
    for fault, times in figures.faults.most_common(10):
        print(f"fault: {fault} ({times} times)")
    if samples:
        good = stayed_flat(samples) and good
    print("passed" if good else "FAILED")
    return 0 if good else 1


sys.exit(asyncio.run(main()))
