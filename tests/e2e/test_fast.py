"""The fast resampler: GeoTIFFs read without GDAL, the picture of the exact one."""
import io
import pathlib

import numpy
from PIL import Image

from conftest import end, get, get_json
from rasters import raster


def picture(url):
    return numpy.asarray(Image.open(io.BytesIO(get(url))).convert("RGBA")).astype(int)


def test_fast_and_exact_draw_the_same_picture(terrazzo, tmp_path):
    rows, cols = numpy.mgrid[0:700, 0:700]
    smooth = (2000 + 1500 * numpy.sin(rows / 90) * numpy.cos(cols / 70)).astype("uint16")
    smooth[:60, :200] = 0  # nodata
    raster(tmp_path / "raw" / "a.tif", values=smooth[None])
    terrazzo("optimize-rasters", "raw/*.tif", "-o", "cogs")
    terrazzo("ingest", "cogs/{name}.tif", "-o", "out.sqlite")
    drawn = {}
    for resampler in ("exact", "fast"):
        process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env={"TERRAZZO_RESAMPLER": resampler})
        west, south, east, north = get_json(about["url"] + "metadata/a")["bounds"]
        tile = [z_x_y(z, (west + east) / 2, (south + north) / 2) for z in (11, 13, 15)]
        urls = [f"singleband/a/{z}/{x}/{y}.png" for z, x, y in tile] + ["singleband/a/preview.png"]
        drawn[resampler] = [picture(about["url"] + url) for url in urls]
        assert end(process) == 0
    for exact, fast in zip(drawn["exact"], drawn["fast"]):
        both = (exact[..., 3] > 0) & (fast[..., 3] > 0)
        assert both.any()
        assert ((exact[..., 3] > 0) != (fast[..., 3] > 0)).mean() < 0.02
        assert abs(exact - fast)[both].mean() < 2


def z_x_y(zoom, lon, lat):
    sine = numpy.sin(numpy.radians(lat))
    tiles = 2 ** zoom
    return (zoom, int((lon + 180) / 360 * tiles),
            int((0.5 - numpy.log((1 + sine) / (1 - sine)) / (4 * numpy.pi)) * tiles))


def test_a_tile_of_a_zone_of_utm_needs_no_database_of_proj(terrazzo, tmp_path):
    raster(tmp_path / "a.tif", size=300)
    raster(tmp_path / "b.tif", size=300, epsg=25833)
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env={"TERRAZZO_RESAMPLER": "fast"})

    def opened():
        return {path.resolve().name for path in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()}

    west, south, east, north = get_json(about["url"] + "metadata/a")["bounds"]
    z, x, y = z_x_y(13, (west + east) / 2, (south + north) / 2)
    assert picture(about["url"] + f"singleband/a/{z}/{x}/{y}.png")[..., 3].any()
    assert "proj.db" not in opened()
    assert picture(about["url"] + f"singleband/b/{z}/{x}/{y}.png")[..., 3].any()
    assert "proj.db" in opened()
    assert end(process) == 0


def test_what_the_fast_reader_does_not_know_is_read_by_gdal(terrazzo, tmp_path):
    from osgeo import gdal
    raster(tmp_path / "a.tif")
    gdal.Translate(str(tmp_path / "b.img"), str(tmp_path / "a.tif"), format="HFA")
    terrazzo("ingest", "{name}.img", "-o", "out.sqlite")
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env={"TERRAZZO_RESAMPLER": "fast"})
    assert picture(about["url"] + "singleband/b/preview.png")[..., 3].any()
    assert end(process) == 0


def test_names_of_classes_are_found_inside_and_beside_a_tiff(terrazzo, tmp_path):
    from osgeo import gdal
    for name in ("inside", "beside"):
        classes = (numpy.arange(4096).reshape(1, 64, 64) % 3).astype("uint8")
        raster(tmp_path / f"{name}.tif", values=classes, nodata=None)
        with_names = gdal.Open(str(tmp_path / f"{name}.tif"), gdal.GA_Update)
        band = with_names.GetRasterBand(1)
        if name == "inside":
            band.SetMetadataItem("CLASS_NAMES", '{"1": "Water & reed", "2": "Wood"}')
        else:
            band.SetCategoryNames(["none", "Water & reed", "Wood"])
        band = with_names = None
    terrazzo("ingest", "{name}.tif", "-o", "out.sqlite")
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env={"TERRAZZO_RESAMPLER": "fast"})
    for name in ("inside", "beside"):
        labels = [each["label"] for each in get_json(about["url"] + f"classes/{name}")["classes"]]
        assert labels[-2:] == ["Water & reed", "Wood"]
    assert end(process) == 0
