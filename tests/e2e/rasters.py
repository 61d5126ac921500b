"""Small rasters for end-to-end tests, written with GDAL."""
import pathlib

import numpy
from osgeo import gdal, osr

gdal.UseExceptions()


def raster(path, *, values=None, bands=1, size=64, dtype="uint16", epsg=32633, nodata=0,
           origin=(400_000, 5_800_000), pixel=10):
    """A GeoTIFF of bands x size x size; `values` may be such an array. epsg None: nowhere."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if values is None:
        ramp = numpy.arange(size * size).reshape(size, size) % 1000 + 1
        values = numpy.stack([ramp + 1000 * band for band in range(bands)]).astype(dtype)
    kind = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}[str(values.dtype)]
    data = gdal.GetDriverByName("GTiff").Create(str(path), values.shape[2], values.shape[1], len(values), kind)
    if epsg is not None:
        data.SetGeoTransform((origin[0], pixel, 0, origin[1], 0, -pixel))
        system = osr.SpatialReference()
        system.ImportFromEPSG(epsg)
        data.SetProjection(system.ExportToWkt())
    for number, band in enumerate(values, 1):
        if nodata is not None:
            data.GetRasterBand(number).SetNoDataValue(nodata)
        data.GetRasterBand(number).WriteArray(band)
    data.FlushCache()
    return str(path)


def pixels(path):
    """Values of all bands, with zero where a mask hides them."""
    data = gdal.Open(str(path))
    bands = []
    for number in range(1, data.RasterCount + 1):
        band = data.GetRasterBand(number)
        bands.append(numpy.where(band.GetMaskBand().ReadAsArray() > 0, band.ReadAsArray(), 0))
    return numpy.stack(bands)
