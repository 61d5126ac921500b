"""Metadata of a raster by the algorithm of Terracotta 0.9 (whole array in memory), on numpy and GDAL.

    terracotta_metadata.py FILE RUNS      prints the median CPU seconds of one run, low, high and mean
"""
import sys
import time

import numpy
from osgeo import gdal, ogr

gdal.UseExceptions()


def candidates(valid):
    """First and last valid pixel of each row and column."""
    edge = numpy.zeros_like(valid)
    rows = numpy.flatnonzero(valid.any(1))
    edge[rows, valid.argmax(1)[rows]] = True
    edge[rows, valid.shape[1] - 1 - valid[:, ::-1].argmax(1)[rows]] = True
    cols = numpy.flatnonzero(valid.any(0))
    edge[valid.argmax(0)[cols], cols] = True
    edge[valid.shape[0] - 1 - valid[::-1].argmax(0)[cols], cols] = True
    return edge


def hull(valid, transform):
    driver = gdal.GetDriverByName("MEM").Create("", valid.shape[1], valid.shape[0], 1)
    driver.SetGeoTransform(transform)
    driver.GetRasterBand(1).WriteArray(candidates(valid).astype("uint8"))
    source = ogr.GetDriverByName("Memory").CreateDataSource("")  # which the layer does not keep
    layer = source.CreateLayer("hull")
    gdal.Polygonize(driver.GetRasterBand(1), driver.GetRasterBand(1), layer, -1)
    every = ogr.Geometry(ogr.wkbGeometryCollection)
    for feature in layer:
        every.AddGeometry(feature.GetGeometryRef())
    return every.ConvexHull()


def metadata(path):
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    values = numpy.ma.masked_equal(band.ReadAsArray(), band.GetNoDataValue())
    values = numpy.ma.masked_invalid(values, copy=False)
    valid = values.compressed()
    percentiles = numpy.percentile(valid, numpy.arange(1, 100))
    outline = hull(~numpy.ma.getmaskarray(values), dataset.GetGeoTransform())
    return valid.min(), valid.max(), valid.mean(), valid.std(), valid.size / values.size, percentiles, outline


times = []
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    result = metadata(sys.argv[1])
    times.append(time.process_time() - start)
print(sorted(times)[len(times) // 2], *result[:3])
