#!/usr/bin/env python3
"""A proxy on 127.0.0.1 in front of a web server, that fails and delays some requests.

    faulty_proxy.py PORT UPSTREAM_PORT [--fail 0.05] [--delay 0.05] [--seconds 3] [--seed 1]

Of the requests (GET and HEAD), a share is answered with 503 or cut off in the middle of the body, a
share is answered late. Heads go through as they are, so that signatures hold. Prints on SIGTERM how
many were treated how.
"""
import argparse
import asyncio
import collections
import random
import re
import signal

counts = collections.Counter()
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


async def answer_of(reader, has_body):
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    status = int(head[9:12])
    if not has_body or status in (204, 304):
        return head, b""
    if length is None:
        raise ValueError("an answer without a length")
    return head, await reader.readexactly(int(length[1]))


async def serve(client, back, args, dice):
    upstream = None
    try:
        while True:
            request = await client.readuntil(b"\r\n\r\n")
            kind = dice.choices(["refused", "cut", "late", "right"],
                                [args.fail / 2, args.fail / 2, args.delay, 1 - args.fail - args.delay])[0]
            counts[kind] += 1
            if kind == "refused":
                back.write(REFUSAL)
                await back.drain()
                continue
            if kind == "late":
                await asyncio.sleep(args.seconds)
            if upstream is None:
                upstream = await asyncio.open_connection("127.0.0.1", args.upstream)
            upstream[1].write(request)
            head, body = await answer_of(upstream[0], not request.startswith(b"HEAD"))
            back.write(head + (body[:len(body) // 2] if kind == "cut" else body))
            await back.drain()
            if kind == "cut":
                return
    except (OSError, asyncio.IncompleteReadError):
        pass  # one of the two has left
    finally:
        back.close()
        if upstream is not None:
            upstream[1].close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("upstream", type=int)
    parser.add_argument("--fail", type=float, default=0.05)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    dice = random.Random(args.seed)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(lambda reader, writer: serve(reader, writer, args, dice),
                                        "127.0.0.1", args.port)
    await stop.wait()
    server.close()
    print("proxied:", dict(counts), flush=True)


asyncio.run(main())
