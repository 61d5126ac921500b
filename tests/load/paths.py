#!/usr/bin/env python3
"""Prints paths of pictures and facts that a server of tests/browser's rasters has:  paths.py URL"""
import itertools
import json
import math
import sys
import urllib.request

BASE = sys.argv[1]


def get_json(path):
    with urllib.request.urlopen(BASE + path) as answer:
        return json.load(answer)


def tile_of(longitude, latitude, zoom):
    north = math.asinh(math.tan(math.radians(latitude)))
    return int((longitude / 360 + 0.5) * 2**zoom), int((0.5 - north / math.tau) * 2**zoom)


def main():
    west, south, east, north = get_json("/metadata/scene/red")["bounds"]
    for zoom in (9, 11, 12, 13):
        (left, top), (right, bottom) = tile_of(west, north, zoom), tile_of(east, south, zoom)
        places = list(itertools.product(range(left, right + 1), range(top, bottom + 1)))
        for x, y in places[:: max(1, len(places) // 12)]:
            tile = f"{zoom}/{x}/{y}.png"
            print(f"/singleband/scene/red/{tile}?colormap=viridis")
            print(f"/singleband/scene/nir/{tile}?stretch_range=[%22p2%22,%22p98%22]")
            print(f"/rgb/scene/{tile}?r=nir&g=red&b=green")
            print(f"/compute/scene/{tile}?expression=(v1-v2)/(v1%2Bv2)&v1=nir&v2=red&stretch_range=[-1,1]")
    for band in ("red", "green", "nir"):
        print(f"/metadata/scene/{band}\n/singleband/scene/{band}/preview.png\n/histogram/scene/{band}")
    print("/classes/cover/class\n/search?q=scene\n/\n/apidoc")


main()
