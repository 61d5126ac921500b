"""Tiles and previews in every picture format, decoded by other programs."""
import io
import json
import urllib.error
import urllib.request

import numpy
import pytest
from osgeo import gdal, osr
from PIL import Image

from conftest import end, get, get_json
from rasters import raster


@pytest.fixture(params=["exact", "fast"])
def site(terrazzo, tmp_path, request):
    rows, cols = numpy.mgrid[0:300, 0:300]
    smooth = (2000 + 1500 * numpy.sin(rows / 60) * numpy.cos(cols / 50)).astype("uint16")
    smooth[:60, :150] = 0  # nodata
    raster(tmp_path / "s_a.tif", values=smooth[None])
    raster(tmp_path / "s_b.tif", values=(smooth // 2 + (smooth > 0))[None].astype("uint16"))
    terrazzo("ingest", "{scene}_{band}.tif", "-o", "out.sqlite")
    process, about = terrazzo.start_server("serve", "-d", "out.sqlite", env={"TERRAZZO_RESAMPLER": request.param})
    yield about["url"]
    assert end(process) == 0


def opened(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return Image.open(io.BytesIO(answer.read())), answer.headers


def array(url):
    return numpy.load(io.BytesIO(get(url)))


def test_arrays_hold_values_and_mask(site):
    a = array(site + "singleband/s/a/preview.npy")
    assert a.shape == (2, 256, 256) and a.dtype == numpy.uint16
    assert set(numpy.unique(a[1])) == {0, 255}
    assert (a[0][a[1] == 0] == 0).all()
    assert a[0].max() <= 3500 and a[0][a[1] > 0].min() >= 500
    rgb = array(site + "rgb/s/preview.npy?r=a&g=b&b=a")
    assert rgb.shape == (4, 256, 256)
    assert (rgb[0] == a[0]).all() and (rgb[2] == a[0]).all()
    assert (array(site + "singleband/s/a/preview.npy?stretch_range=[1,2]&tile_size=[20,30]").shape == (2, 20, 30))


def test_an_expression_is_numpys_to_the_last_bit(site):
    a = array(site + "singleband/s/a/preview.npy")
    b = array(site + "singleband/s/b/preview.npy")
    got = array(site + "compute/s/preview.npy?expression=(v1-1.0*v2)/(v1%2Bv2)&v1=a&v2=b&stretch_range=[-1,1]")
    assert got.shape == (2, 256, 256) and got.dtype == numpy.float64
    valid = (a[1] > 0) & (b[1] > 0)
    assert ((got[1] > 0) == valid).all() and valid.any()
    assert (got[0][valid] == ((a[0] - 1.0 * b[0]) / (a[0] + b[0]))[valid]).all()


def test_sixteen_bits_are_the_stretched_values(site):
    a = array(site + "singleband/s/a/preview.npy")
    picture, headers = opened(site + "singleband/s/a/preview.png16?stretch_range=[400,3600]")
    assert headers["Content-Type"] == "image/png"
    shown = numpy.asarray(picture).astype(int)
    wanted = numpy.rint((a[0].astype(float) - 400) * (1 / 3200) * 65534 + 1)
    assert (shown == numpy.where(a[1] > 0, wanted, 0)).all()


def test_a_geotiff_is_where_the_tile_is(site, tmp_path):
    west, south, east, north = get_json(site + "metadata/s/a")["bounds"]
    lon, lat = (west + east) / 2, (south + north) / 2
    sine, zoom = numpy.sin(numpy.radians(lat)), 14
    x = int((lon + 180) / 360 * 2 ** zoom)
    y = int((0.5 - numpy.log((1 + sine) / (1 - sine)) / (4 * numpy.pi)) * 2 ** zoom)
    tile = f"{zoom}/{x}/{y}"
    values = array(site + f"singleband/s/a/{tile}.npy")
    (tmp_path / "tile.tif").write_bytes(get(site + f"singleband/s/a/{tile}.tif"))
    data = gdal.Open(str(tmp_path / "tile.tif"))
    band = data.GetRasterBand(1)
    assert data.RasterCount == 1 and band.DataType == gdal.GDT_Float32
    assert numpy.isnan(band.GetNoDataValue())
    assert (numpy.nan_to_num(band.ReadAsArray()) == values[0]).all()
    assert (numpy.isnan(band.ReadAsArray()) == (values[1] == 0)).all()
    world = 2 * 20037508.342789244
    assert data.GetGeoTransform() == pytest.approx(
        (x / 2 ** zoom * world - world / 2, world / 2 ** zoom / 256, 0,
         world / 2 - y / 2 ** zoom * world, 0, -world / 2 ** zoom / 256))
    system = osr.SpatialReference(data.GetProjection())
    assert system.GetAuthorityCode(None) == "3857"
    (tmp_path / "rgb.tif").write_bytes(get(site + "rgb/s/preview.tif?r=a&g=b&b=a"))
    assert gdal.Open(str(tmp_path / "rgb.tif")).RasterCount == 3


@pytest.mark.parametrize("path", ["singleband/s/a/preview.{}?colormap=viridis", "singleband/s/a/preview.{}",
                                  "rgb/s/preview.{}?r=a&g=b&b=a",
                                  "compute/s/preview.{}?expression=v1-v2&v1=a&v2=b&stretch_range=[0,2000]"])
def test_jpeg_and_webp_show_what_the_png_shows(site, path):
    png = numpy.asarray(opened(site + path.format("png"))[0].convert("RGBA")).astype(int)
    webp, headers = opened(site + path.format("webp"))
    assert headers["Content-Type"] == "image/webp" and webp.format == "WEBP"
    webp = numpy.asarray(webp.convert("RGBA")).astype(int)
    assert (webp[..., 3] == png[..., 3]).all()
    shown = png[..., 3] > 0
    assert abs(webp - png)[shown].mean() < 4
    jpeg, headers = opened(site + path.format("jpeg"))
    assert headers["Content-Type"] == "image/jpeg" and jpeg.format == "JPEG"
    jpeg = numpy.asarray(jpeg.convert("RGB")).astype(int)
    assert abs(jpeg - png[..., :3] * shown[..., None]).mean() < 5


def test_every_format_has_its_own_etag_and_unknown_ones_are_named(site):
    etags = set()
    for ending in ("png", "png16", "jpeg", "webp", "npy", "tif"):
        with urllib.request.urlopen(site + f"singleband/s/a/preview.{ending}") as answer:
            etags.add(answer.headers["ETag"])
            assert len(answer.read()) == int(answer.headers["Content-Length"])
    assert len(etags) == 6
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(site + "singleband/s/a/preview.gif")
    assert refused.value.code == 404
    assert json.loads(refused.value.read())["message"] == (
        "no picture format is called 'gif'; there are: jpeg, npy, png, png16, tif, webp")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(site + "singleband/s/a/preview.npy?colormap=viridis")
    assert refused.value.code == 400
