"""What optimize-rasters writes, as GDAL sees it: its rules, its pixels, its overviews."""
import numpy
import pytest
from osgeo import gdal, osr
from osgeo_utils.samples import validate_cloud_optimized_geotiff

gdal.UseExceptions()
KINDS = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16, "uint32": gdal.GDT_UInt32,
         "int32": gdal.GDT_Int32, "float32": gdal.GDT_Float32, "float64": gdal.GDT_Float64}


def landscape(kind, bands, rows, cols):
    """Hills with some noise."""
    random = numpy.random.default_rng(3)
    y, x = numpy.mgrid[0:rows, 0:cols]
    hills = 100 + 60 * numpy.sin(y / 31) * numpy.cos(x / 47)
    return numpy.stack([hills + 10 * band + random.integers(0, 8, (rows, cols)) for band in range(bands)]).astype(kind)


def scene(path, values, options=(), nodata=None, mask=None, place=True, prepare=lambda dataset: None):
    bands, rows, cols = values.shape
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), cols, rows, bands, KINDS[values.dtype.name], list(options))
    if place:
        dataset.SetGeoTransform((400000, 10, 0, 5900000, 0, -10))
        system = osr.SpatialReference()
        system.ImportFromEPSG(32633)
        dataset.SetSpatialRef(system)
    if nodata is not None:
        for band in range(bands):
            dataset.GetRasterBand(band + 1).SetNoDataValue(nodata)
    prepare(dataset)
    dataset.WriteArray(values)
    if mask is not None:
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(mask.astype("uint8") * 255)
    dataset.FlushCache()
    return path


def is_cog(path):
    warnings, errors, _ = validate_cloud_optimized_geotiff.validate(str(path), full_check=True)
    assert not errors and not warnings
    return True


def levels(path):
    """Values and masks of the image and its overviews."""
    dataset = gdal.Open(str(path))  # bands do not keep it open
    band = dataset.GetRasterBand(1)
    both = []
    for number in range(-1, band.GetOverviewCount()):
        level = band if number < 0 else band.GetOverview(number)
        both.append((level.ReadAsArray(), level.GetMaskBand().ReadAsArray() != 0))
    return both


def by_gdal(source, path, *options):
    gdal.GetDriverByName("COG").CreateCopy(str(path), gdal.Open(str(source)), options=["BLOCKSIZE=256", *options])
    return path


@pytest.mark.parametrize("compression", ["none", "deflate", "zstd", "lzw"])
@pytest.mark.parametrize("kind", KINDS)
def test_lossless_cogs_keep_gdals_rules_and_every_pixel(terrazzo, tmp_path, kind, compression):
    for bands in (1, 3):
        values = landscape(kind, bands, 600, 520)
        values[:, 300:, :300] = 7
        source = scene(tmp_path / f"in/a{bands}.tif", values, nodata=7)
        terrazzo("optimize-rasters", source, "-o", "out", "--compression", compression, "--overwrite")
        out = tmp_path / f"out/a{bands}.tif"
        assert is_cog(out)
        made = gdal.Open(str(out))
        assert numpy.array_equal(made.ReadAsArray().reshape(values.shape), values)
        assert made.GetRasterBand(bands).GetNoDataValue() == 7
        assert made.GetGeoTransform() == gdal.Open(str(source)).GetGeoTransform()
        terrazzo("validate", out, "--against", source)


@pytest.mark.parametrize("kind", KINDS)
def test_overviews_are_those_of_gdals_average(terrazzo, tmp_path, kind):
    values = landscape(kind, 1, 1024, 768)
    hidden = numpy.zeros((1024, 768), bool)
    hidden[100:333, 41:500] = True
    source = scene(tmp_path / "a.tif", values, mask=~hidden)
    terrazzo("optimize-rasters", source, "-o", "out")
    theirs = by_gdal(source, tmp_path / "gdal.tif", "OVERVIEW_RESAMPLING=AVERAGE")
    for (a, valid_a), (b, valid_b) in zip(levels(tmp_path / "out/a.tif"), levels(theirs), strict=True):
        assert numpy.array_equal(valid_a, valid_b)
        error = numpy.abs(a.astype("float64") - b)[valid_a]
        assert error.max() <= (1e-5 * 200 if kind.startswith("float") else 0)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "cubic"])
def test_other_overviews_are_close_to_gdals(terrazzo, tmp_path, method):
    source = scene(tmp_path / "a.tif", landscape("uint16", 1, 700, 600))
    terrazzo("optimize-rasters", source, "-o", "out", "--resampling-method", method)
    theirs = by_gdal(source, tmp_path / "gdal.tif", f"OVERVIEW_RESAMPLING={method.upper()}")
    for (a, _), (b, _) in zip(levels(tmp_path / "out/a.tif"), levels(theirs), strict=True):
        error = numpy.abs(a.astype(int) - b)
        assert error.max() == 0 if method == "nearest" else error.mean() < 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (257, 255), (513, 771), (999, 1001)])
def test_odd_sizes(terrazzo, tmp_path, size):
    values = landscape("uint16", 2, *size)
    source = scene(tmp_path / "a.tif", values)
    terrazzo("optimize-rasters", source, "-o", "out")
    assert is_cog(tmp_path / "out/a.tif")
    theirs = by_gdal(source, tmp_path / "gdal.tif", "OVERVIEW_RESAMPLING=AVERAGE")
    ours = levels(tmp_path / "out/a.tif")
    assert [a.shape for a, _ in ours] == [b.shape for b, _ in levels(theirs)]
    for (a, _), (b, _) in zip(ours, levels(theirs)):
        assert numpy.abs(a.astype(int) - b).max() <= 1


@pytest.mark.parametrize("layout", [["TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512"], ["INTERLEAVE=BAND"],
                                    ["TILED=YES", "INTERLEAVE=BAND"], ["COMPRESS=LZW", "BLOCKYSIZE=7"],
                                    ["TILED=YES", "SPARSE_OK=YES", "COMPRESS=ZSTD"], ["BIGTIFF=YES"],
                                    ["ENDIANNESS=BIG", "COMPRESS=DEFLATE", "PREDICTOR=2"]])
def test_whatever_the_layout_of_the_input(terrazzo, tmp_path, layout):
    values = landscape("uint16", 3, 600, 700)
    values[:, :512, :512] = 0
    mask = numpy.ones((600, 700), bool)
    mask[:90] = False
    source = scene(tmp_path / "a.tif", values, layout, mask=mask)
    terrazzo("optimize-rasters", source, "-o", "out")
    out = tmp_path / "out/a.tif"
    assert is_cog(out)
    assert numpy.array_equal(gdal.Open(str(out)).ReadAsArray(), values)
    assert numpy.array_equal(levels(out)[0][1], mask)
    terrazzo("optimize-rasters", source, "-o", "two", "--bands", "3,1")
    assert numpy.array_equal(gdal.Open(str(tmp_path / "two/a.tif")).ReadAsArray(), values[[2, 0]])


def test_empty_blocks_are_left_out(terrazzo, tmp_path):
    values = numpy.zeros((1, 1024, 1024), "uint16")
    values[0, 10, 10] = 5
    source = scene(tmp_path / "a.tif", values, nodata=0)
    terrazzo("optimize-rasters", source, "-o", "out", "--compression", "none")
    out = tmp_path / "out/a.tif"
    assert is_cog(out) and numpy.array_equal(gdal.Open(str(out)).ReadAsArray(), values[0])
    assert out.stat().st_size < 4 * 256 * 256 * 2


def test_jpeg_looks_like_the_input_and_alpha_becomes_its_mask(terrazzo, tmp_path):
    colors = landscape("uint8", 3, 600, 520)
    alpha = numpy.full((1, 600, 520), 255, "uint8")
    alpha[0, :200] = 0
    rgb = scene(tmp_path / "rgb.tif", colors, ["PHOTOMETRIC=RGB"])
    rgba = scene(tmp_path / "rgba.tif", numpy.concatenate([colors, alpha]), ["PHOTOMETRIC=RGB", "ALPHA=YES"])
    terrazzo("optimize-rasters", rgb, rgba, "-o", "out", "--compression", "jpeg", "--quality", "90")
    for name in ("rgb", "rgba"):
        out = tmp_path / f"out/{name}.tif"
        assert is_cog(out)
        made = gdal.Open(str(out))
        assert made.RasterCount == 3 and made.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") == "YCbCr JPEG"
        assert numpy.abs(made.ReadAsArray().astype(int) - colors).mean() < 4
    assert numpy.array_equal(levels(tmp_path / "out/rgba.tif")[0][1], alpha[0] != 0)
    theirs = by_gdal(rgb, tmp_path / "gdal.tif", "COMPRESS=JPEG", "QUALITY=90")
    assert (tmp_path / "out/rgb.tif").stat().st_size < 1.03 * theirs.stat().st_size


@pytest.mark.parametrize("bands", [3, 4])
def test_webp_with_and_without_loss(terrazzo, tmp_path, bands):
    values = landscape("uint8", bands, 600, 520)
    source = scene(tmp_path / "a.tif", values, ["PHOTOMETRIC=RGB"])
    terrazzo("optimize-rasters", source, "-o", "lossy", "--compression", "webp")
    terrazzo("optimize-rasters", source, "-o", "exact", "--compression", "webp", "--quality", "100")
    assert is_cog(tmp_path / "lossy/a.tif") and is_cog(tmp_path / "exact/a.tif")
    assert numpy.abs(gdal.Open(str(tmp_path / "lossy/a.tif")).ReadAsArray().astype(int) - values).mean() < 8
    assert numpy.array_equal(gdal.Open(str(tmp_path / "exact/a.tif")).ReadAsArray(), values)


@pytest.mark.parametrize("compression", ["lerc", "lerc_deflate", "lerc_zstd"])
@pytest.mark.parametrize("kind", ["uint8", "int16", "float32", "float64"])
def test_lerc_stays_within_the_error_told(terrazzo, tmp_path, kind, compression):
    values = landscape(kind, 1, 600, 520)
    if kind.startswith("float"):
        values[0, 100:200, 50:90] = numpy.nan
    source = scene(tmp_path / "a.tif", values)
    for error in (0, 2):
        terrazzo("optimize-rasters", source, "-o", f"out{error}", "--compression", compression, "--max-error", error)
        out = tmp_path / f"out{error}/a.tif"
        assert is_cog(out)
        made = gdal.Open(str(out)).ReadAsArray()
        assert numpy.array_equal(numpy.isnan(made), numpy.isnan(values[0]))
        assert numpy.nanmax(numpy.abs(made.astype("float64") - values[0])) <= error
    assert (tmp_path / "out2/a.tif").stat().st_size < (tmp_path / "out0/a.tif").stat().st_size


def test_what_bands_are_called_and_mean_comes_along(terrazzo, tmp_path):
    def prepare(dataset):
        dataset.SetMetadataItem("AREA", "here")
        for number in (1, 2):
            band = dataset.GetRasterBand(number)
            band.SetDescription(f"band {number}")
            band.SetScale(0.5)
            band.SetOffset(number)
    source = scene(tmp_path / "a.tif", landscape("int16", 2, 300, 300), prepare=prepare)
    terrazzo("optimize-rasters", source, "-o", "out")
    made = gdal.Open(str(tmp_path / "out/a.tif"))
    assert made.GetMetadataItem("AREA") == "here"
    for number in (1, 2):
        band = made.GetRasterBand(number)
        assert (band.GetDescription(), band.GetScale(), band.GetOffset()) == (f"band {number}", 0.5, number)


def test_palettes_are_kept_and_never_mixed(terrazzo, tmp_path):
    def prepare(dataset):
        table = gdal.ColorTable()
        for value in range(5):
            table.SetColorEntry(value, (value * 50, 255 - value * 50, 9, 255))
        dataset.GetRasterBand(1).SetColorTable(table)
    values = numpy.random.default_rng(1).choice([0, 4], (1, 600, 600)).astype("uint8")
    source = scene(tmp_path / "a.tif", values, prepare=prepare)
    terrazzo("optimize-rasters", source, "-o", "out")
    made = gdal.Open(str(tmp_path / "out/a.tif"))
    assert made.GetRasterBand(1).GetColorTable().GetColorEntry(3)[:3] == (150, 105, 9)
    assert set(numpy.unique(made.GetRasterBand(1).GetOverview(0).ReadAsArray())) == {0, 4}


    assert "colour table" in terrazzo("optimize-rasters", source, "-o", "x", "--compression", "jpeg", code=6).stderr


@pytest.mark.parametrize("bits", [1, 4])
def test_packed_samples_become_bytes_with_their_colours(terrazzo, tmp_path, bits):
    values = numpy.random.default_rng(1).integers(0, 1 << bits, (1, 300, 300)).astype("uint8")
    source = scene(tmp_path / "a.tif", values, [f"NBITS={bits}"])
    terrazzo("optimize-rasters", source, "-o", "out")
    made, there = gdal.Open(str(tmp_path / "out/a.tif")), gdal.Open(str(source))
    assert numpy.array_equal(made.ReadAsArray(), values[0])
    tables = [dataset.GetRasterBand(1).GetColorTable() for dataset in (made, there)]
    assert [table and table.GetColorEntry(1) for table in tables][0] == (tables[1] and tables[1].GetColorEntry(1))


@pytest.mark.parametrize("damage, reason", [
    (b"KNOWN_INCOMPATIBLE_EDITION=YES", "changed after"), ("leader", "stands the size"),
    ("trailer", "not repeated"), ("cut", "truncated")])
def test_validate_tells_a_cog_that_was_damaged(terrazzo, tmp_path, damage, reason):
    source = scene(tmp_path / "a.tif", landscape("uint8", 1, 600, 520))
    terrazzo("optimize-rasters", source, "-o", "out")
    out = tmp_path / "out/a.tif"
    dataset = gdal.Open(str(out))
    band = dataset.GetRasterBand(1)
    offset, size = (int(band.GetMetadataItem(f"BLOCK_{what}_0_0", "TIFF")) for what in ("OFFSET", "SIZE"))
    content = bytearray(out.read_bytes())
    if damage == "leader":
        content[offset - 1] ^= 1
    elif damage == "trailer":
        content[offset + size] ^= 1
    elif damage == "cut":
        del content[-100:]
    else:
        at = content.index(damage[:-3])
        content[at:at + len(damage)] = damage
    out.write_bytes(content)
    report = terrazzo.json("validate", out, code=7)[0]
    assert not report["valid"] and reason in report["errors"][0]


def test_validate_against_tells_how_pixels_differ(terrazzo, tmp_path):
    values = landscape("uint8", 3, 300, 280)
    source = scene(tmp_path / "a.tif", values, ["PHOTOMETRIC=RGB"])
    terrazzo("optimize-rasters", source, "-o", "same", "--compression", "deflate")
    terrazzo("optimize-rasters", source, "-o", "jpeg", "--compression", "jpeg")
    terrazzo("optimize-rasters", source, "-o", "one", "--bands", "1")
    same = terrazzo.json("validate", "same/a.tif", "--against", source)[0]
    assert same["pixels"] == {"differing": 0, "max_difference": 0, "hidden_differently": 0}
    lossy = terrazzo.json("validate", "jpeg/a.tif", "--against", source)[0]
    assert lossy["valid"] and 0 < lossy["pixels"]["max_difference"] < 40
    assert "bands" in terrazzo.json("validate", "one/a.tif", "--against", source, code=7)[0]["errors"][0]
