#!/usr/bin/env python3
"""Writes scenes for load tests and benchmarks:  make_scenes.py FOLDER [--count 12] [--side 2048]

FOLDER/raw_sN.tif, made from a seed: uint16 in UTM 33N at 10 m, smooth terrain with noise in the low
bits and a nodata edge, each beside the one before.
"""
import argparse
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
from rasters import raster  # noqa: E402


def scene(number, side):
    noise = numpy.random.default_rng(number)
    rows, cols = numpy.mgrid[0:side, 0:side]
    values = 2000 + 800 * numpy.sin(cols / 90 + number) + 700 * numpy.cos(rows / 70) + noise.normal(0, 25, (side, side))
    values[:side // 50] = 0
    return values.astype("uint16")[None]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--side", type=int, default=2048)
    args = parser.parse_args()
    for number in range(args.count):
        raster(f"{args.folder}/raw_s{number}.tif", values=scene(number, args.side),
               origin=(400_000 + 10 * args.side * (number % 4), 5_800_000 - 10 * args.side * (number // 4)))


main()
