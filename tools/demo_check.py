#!/usr/bin/env python3
"""Fetches the page, a tile and what the catalogue says from the demo's server, and verifies them."""
import json
import struct
import sys
import urllib.request
import zlib

BASE = sys.argv[1]


def get(path):
    request = urllib.request.Request(BASE + path, headers={"Accept": "*/*"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def png_values(data):
    """(width, height, set of the raw bytes) of a PNG; fails if it is not a whole one."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG"
    at, idat, size = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + chunk), "bad CRC"
        if kind == b"IHDR":
            size = struct.unpack(">II", chunk[:8])
        if kind == b"IDAT":
            idat += chunk
        at += 12 + length
    return *size, set(zlib.decompress(idat))


def main():
    names = [key["key"] for key in json.loads(get("/keys"))["keys"]]
    assert names == ["scene", "band"], names
    found = json.loads(get("/datasets"))["datasets"]
    assert len(found) == 8, found
    for path in ("/rgb/landsat7/12/1651/2139.png?r=red&g=green&b=blue",
                 "/singleband/olinda/elevation/12/1651/2139.png?colormap=gist_earth",
                 "/compute/landsat7/12/1651/2139.png?expression=(v1-v2)/(v1%2Bv2)&v1=nir&v2=red&stretch_range=[-1,1]"):
        width, height, values = png_values(get(path))
        assert (width, height) == (256, 256) and len(values) > 50, (path, width, height, len(values))
    classes = json.loads(get("/classes/puerto-rico/landcover"))["classes"]
    assert any("Forest" in c["label"] for c in classes), classes
    page = get("/").decode()
    assert "<html" in page and "/assets/" in page.replace("./assets/", "/assets/"), page[:500]
    assert json.loads(get("/swagger.json"))["paths"]
    print("the page, the tiles, the classes and the API are as they should be")


main()
