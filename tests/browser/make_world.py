#!/usr/bin/env python3
"""Writes the rasters of the browser test into a folder: keys (scene, band).

scene/{red,green,nir} are uint16 with plain areas: the left half and the right half differ by
band, so that colours, composites and formulas have pixels a test can name. cover/class is a
land-cover raster with a colour table and category names.
"""
import pathlib
import sys

import numpy
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
from rasters import raster  # noqa: E402

HALVES = {"red": (1000, 3000), "green": (2000, 2000), "nir": (3000, 1000)}


def main(folder):
    side = 512
    for band, (left, right) in HALVES.items():
        values = numpy.full((1, side, side), left, "uint16")
        values[:, :, side // 2:] = right
        values += (numpy.arange(side) % 7).astype("uint16")  # not one value alone
        raster(f"{folder}/scene_{band}.tif", values=values, pixel=30)
    classes = numpy.ones((1, side, side), "uint8")
    classes[:, side // 2:, :] = 2
    path = raster(f"{folder}/cover_class.tif", values=classes, pixel=30, nodata=None)
    data = gdal.Open(path, gdal.GA_Update)
    table = gdal.ColorTable()
    table.SetColorEntry(1, (30, 60, 200, 255))
    table.SetColorEntry(2, (20, 160, 40, 255))
    data.GetRasterBand(1).SetColorTable(table)
    data.GetRasterBand(1).SetCategoryNames(["none", "Water", "Wood"])
    data.FlushCache()


main(sys.argv[1])
