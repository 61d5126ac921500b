#include "terrazzo/formats/gdal_warp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/io/nodata.hpp"

namespace terrazzo::formats {
namespace {

constexpr double least_cover = 0.01;
constexpr int pad = 2;               // pixels around the picture
constexpr double tolerance = 0.125;  // of the approximate transformation, pixels
constexpr double warp_bytes = 64 << 20;
constexpr int edge_points = 21;

struct DestroySystem {
  void operator()(void* system) const {
    OSRRelease(static_cast<OGRSpatialReferenceH>(system));
  }
};
struct DestroyTransform {
  void operator()(void* transform) const {
    OCTDestroyCoordinateTransformation(
        static_cast<OGRCoordinateTransformationH>(transform));
  }
};
struct DestroyTransformer {
  void operator()(void* transformer) const { GDALDestroyTransformer(transformer); }
};
struct DestroyWarpOptions {
  void operator()(GDALWarpOptions* options) const { GDALDestroyWarpOptions(options); }
};
using TransformerPtr = std::unique_ptr<void, DestroyTransformer>;
using WarpOptionsPtr = std::unique_ptr<GDALWarpOptions, DestroyWarpOptions>;
using GeoTransform = std::array<double, 6>;

GeoTransform to_gdal(const Affine& affine) {
  return {affine.c, affine.a, affine.b, affine.f, affine.d, affine.e};
}

// The north-up affine of a cols x rows grid over the box.
Affine affine_over(const Box& box, double rows, double cols) {
  return {box.width() / cols, 0, box.west, 0, -(box.height() / rows), box.north};
}

GDALResampleAlg warp_kernel(io::Resampling method) {
  switch (method) {
    case io::Resampling::nearest:
      return GRA_NearestNeighbour;
    case io::Resampling::linear:
      return GRA_Bilinear;
    case io::Resampling::cubic:
      return GRA_Cubic;
    case io::Resampling::average:
      break;
  }
  return GRA_Average;
}

GDALRIOResampleAlg read_kernel(io::Resampling method) {
  switch (method) {
    case io::Resampling::nearest:
      return GRIORA_NearestNeighbour;
    case io::Resampling::linear:
      return GRIORA_Bilinear;
    case io::Resampling::cubic:
      return GRIORA_Cubic;
    case io::Resampling::average:
      break;
  }
  return GRIORA_Average;
}

Error no_way(const FileFacts& facts, const GdalErrors& errors) {
  return errors.explain(failure(
      ErrorKind::unsupported,
      "'{}' cannot be transformed to the reference system asked for", facts.name()));
}

// The box of the raster as rasterio says it: south-up rasters have south > north.
Box native_bounds(const io::RasterInfo& info) {
  const Affine& t = info.affine;
  if (!t.is_north_up()) return bounds_of(t, info.rows, info.cols);
  return {t.c, t.f + t.e * static_cast<double>(info.rows),
          t.c + t.a * static_cast<double>(info.cols), t.f};
}

std::unique_ptr<void, DestroySystem> system_of(const std::string& wkt) {
  std::unique_ptr<void, DestroySystem> system{OSRNewSpatialReference(nullptr)};
  OSRSetFromUserInput(static_cast<OGRSpatialReferenceH>(system.get()), wkt.c_str());
  OSRSetAxisMappingStrategy(static_cast<OGRSpatialReferenceH>(system.get()),
                            OAMS_TRADITIONAL_GIS_ORDER);
  return system;
}

Box bounds_in(const FileFacts& facts, const std::string& wkt, const Box& native,
              const GdalErrors& errors) {
  const auto from = system_of(facts.wkt);
  const auto to = system_of(wkt);
  const std::unique_ptr<void, DestroyTransform> transform{
      OCTNewCoordinateTransformation(static_cast<OGRSpatialReferenceH>(from.get()),
                                     static_cast<OGRSpatialReferenceH>(to.get()))};
  Box box;
  if (!transform ||
      OCTTransformBounds(static_cast<OGRCoordinateTransformationH>(transform.get()),
                         native.west, std::min(native.south, native.north), native.east,
                         std::max(native.south, native.north), &box.west, &box.south,
                         &box.east, &box.north, edge_points) == FALSE)
    throw no_way(facts, errors);
  return box;
}

// The resolution that keeps the number of pixels along the diagonal.
WarpTarget make_target(const FileFacts& facts, const std::string& wkt) {
  const GdalErrors errors;
  const Box native = native_bounds(facts.info);
  WarpTarget target{.bounds = bounds_in(facts, wkt, native, errors)};

  const auto cols = static_cast<double>(facts.info.cols);
  const auto rows = static_cast<double>(facts.info.rows);
  const DatasetPtr grid{
      GDALCreate(GDALGetDriverByName("MEM"), "", static_cast<int>(facts.info.cols),
                 static_cast<int>(facts.info.rows), 0, GDT_Byte, nullptr)};
  GeoTransform placed = to_gdal(affine_over(native, rows, cols));
  GDALSetGeoTransform(grid.get(), placed.data());
  GDALSetProjection(grid.get(), facts.wkt.c_str());
  GdalWords options{"DST_SRS=" + wkt};
  const TransformerPtr transformer{
      GDALCreateGenImgProjTransformer2(grid.get(), nullptr, options.list())};
  GeoTransform suggested{};
  std::array<double, 4> extent{};
  int out_cols = 0;
  int out_rows = 0;
  if (!transformer ||
      GDALSuggestedWarpOutput2(grid.get(), GDALGenImgProjTransform, transformer.get(),
                               suggested.data(), &out_cols, &out_rows, extent.data(),
                               0) != CE_None)
    throw no_way(facts, errors);
  target.width_of = std::abs(suggested[1]);
  target.height_of = std::abs(suggested[5]);
  return target;
}

// The grid the source is warped to; `resampling` takes it to the picture.
struct Plan {
  int rows = 0;  // without the padding
  int cols = 0;
  Affine affine{};  // with it
  io::Resampling resampling = io::Resampling::average;
};

std::optional<Plan> make_plan(const WarpTarget& target, const io::WarpedRead& request) {
  const Box& box = request.box;
  const double cover =
      target.bounds.width() / box.width() * (target.bounds.height() / box.height());
  if (!(cover >= least_cover)) return std::nullopt;

  double pixel_width = target.width_of;
  double pixel_height = target.height_of;
  Plan plan{.resampling = request.resampling};
  const double wanted_width = box.width() / static_cast<double>(request.rows);
  const double wanted_height = box.height() / static_cast<double>(request.cols);
  if (wanted_width < pixel_width || wanted_height < pixel_height) {
    pixel_width = wanted_width;
    pixel_height = wanted_height;
    plan.resampling = io::Resampling::nearest;
  }
  const double cols = std::max(1.0, std::nearbyint(box.width() / pixel_width));
  const double rows = std::max(1.0, std::nearbyint(box.height() / pixel_height));
  constexpr double most = std::numeric_limits<int>::max() - 2 * pad;
  if (!(cols <= most && rows <= most)) return std::nullopt;
  plan.cols = static_cast<int>(cols);
  plan.rows = static_cast<int>(rows);
  plan.affine = affine_over(box, rows, cols);
  const Point corner = plan.affine(-pad, -pad);
  plan.affine.c = corner.x;
  plan.affine.f = corner.y;
  return plan;
}

double* one_number(double value) {
  auto* number = static_cast<double*>(CPLMalloc(sizeof(double)));
  *number = value;
  return number;
}

int* one_number(int value) {
  auto* number = static_cast<int*>(CPLMalloc(sizeof(int)));
  *number = value;
  return number;
}

WarpOptionsPtr warp_options(const FileFacts& facts, int band, io::Resampling kernel,
                            const Context& context) {
  WarpOptionsPtr options{GDALCreateWarpOptions()};
  options->pfnProgress = goes_on;
  options->pProgressArg = progress_data(context);
  options->eResampleAlg = warp_kernel(kernel);
  options->dfWarpMemoryLimit = warp_bytes;
  options->nBandCount = 1;
  options->panSrcBands = one_number(band);
  options->panDstBands = one_number(1);
  options->nSrcAlphaBand = facts.alpha_band == band ? 0 : facts.alpha_band;
  options->nDstAlphaBand = 2;
  if (const auto nodata = facts.info.bands[static_cast<std::size_t>(band - 1)].nodata) {
    options->padfSrcNoDataReal = one_number(*nodata);
    options->padfSrcNoDataImag = one_number(0.0);
  }
  char** words = CSLSetNameValue(options->papszWarpOptions, "UNIFIED_SRC_NODATA", "YES");
  options->papszWarpOptions = CSLSetNameValue(words, "INIT_DEST", "NO_DATA");
  return options;
}

TransformerPtr transformer_to(const FileFacts& facts, const std::string& wkt,
                              const GeoTransform& grid) {
  const GeoTransform source = to_gdal(facts.info.affine);
  TransformerPtr exact{GDALCreateGenImgProjTransformer3(facts.wkt.c_str(), source.data(),
                                                        wkt.c_str(), grid.data())};
  if (!exact) return exact;
  TransformerPtr quick{
      GDALCreateApproxTransformer(GDALGenImgProjTransform, exact.get(), tolerance)};
  GDALApproxTransformerOwnsSubtransformer(quick.get(), TRUE);
  (void)exact.release();
  return quick;
}

// Band 1 holds the pixels, band 2 the mask. The source and the context must outlive it.
DatasetPtr warped(GDALDatasetH source, const FileFacts& facts, int band, const Plan& plan,
                  const io::WarpedRead& request, const Context& context,
                  const GdalErrors& errors) {
  const std::string& wkt = request.crs.wkt();
  GeoTransform grid = to_gdal(plan.affine);
  WarpOptionsPtr options = warp_options(facts, band, request.reprojection, context);
  TransformerPtr transformer = transformer_to(facts, wkt, grid);
  if (!transformer) throw no_way(facts, errors);
  options->hSrcDS = source;
  options->pfnTransformer = GDALApproxTransform;
  options->pTransformerArg = transformer.get();
  DatasetPtr warped{GDALCreateWarpedVRT(source, plan.cols + 2 * pad, plan.rows + 2 * pad,
                                        grid.data(), options.get())};
  if (!warped) throw no_way(facts, errors);
  (void)transformer.release();  // the warped dataset destroys it
  GDALSetProjection(warped.get(), wkt.c_str());
  for (const int i : {1, 2})
    GDALDeleteRasterNoDataValue(GDALGetRasterBand(warped.get(), i));
  GDALSetRasterColorInterpretation(GDALGetRasterBand(warped.get(), 2), GCI_AlphaBand);
  return warped;
}

bool read_band(GDALDatasetH warped, const Plan& plan, int band, GDALRIOResampleAlg kernel,
               void* to, GDALDataType type, const io::WarpedRead& request,
               const Context& context) {
  GDALRasterIOExtraArg extra;
  INIT_RASTERIO_EXTRA_ARG(extra);
  extra.pfnProgress = goes_on;
  extra.pProgressData = progress_data(context);
  extra.eResampleAlg = kernel;
  extra.bFloatingPointWindowValidity = TRUE;
  extra.dfXOff = pad;
  extra.dfYOff = pad;
  extra.dfXSize = plan.cols;
  extra.dfYSize = plan.rows;
  return GDALDatasetRasterIOEx(warped, GF_Read, pad, pad, plan.cols, plan.rows, to,
                               static_cast<int>(request.cols),
                               static_cast<int>(request.rows), type, 1, &band, 0, 0, 0,
                               &extra) == CE_None;
}

void check_request(const FileFacts& facts, int band, const io::WarpedRead& request) {
  if (!facts.info.crs)
    throw failure(ErrorKind::unsupported, "'{}' is not georeferenced", facts.name());
  constexpr std::size_t most = std::numeric_limits<int>::max();
  if (request.rows == 0 || request.cols == 0 || request.rows > most ||
      request.cols > most)
    throw invalid("a picture of {} x {} pixels cannot be made", request.rows,
                  request.cols);
  if (!(request.box.width() > 0 && request.box.height() > 0))
    throw invalid("a picture needs a box with west < east and south < north");
  const bool kept = request.resampling == io::Resampling::nearest &&
                    request.reprojection == io::Resampling::nearest;
  if (facts.info.bands[static_cast<std::size_t>(band - 1)].type == ElementType::int8 &&
      !kept)
    throw failure(ErrorKind::unsupported,
                  "pixels of type int8 can be resampled by method nearest only");
}

}  // namespace

std::optional<Image> warp_read(void* dataset, const FileFacts& facts, int band,
                               const io::WarpedRead& request, const Context& context) {
  check_request(facts, band, request);
  context.check();
  const WarpTarget target = facts.target(
      request.crs.wkt(), [&] { return make_target(facts, request.crs.wkt()); });
  const std::optional<Plan> plan = make_plan(target, request);
  if (!plan) return std::nullopt;

  const io::BandInfo& info = facts.info.bands[static_cast<std::size_t>(band - 1)];
  Image image{info.type, 1, request.rows, request.cols};
  std::vector<float> alpha(image.pixels());
  const GdalErrors errors;
  const DatasetPtr vrt = warped(dataset, facts, band, *plan, request, context, errors);
  const GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(dataset, band));
  if (!read_band(vrt.get(), *plan, 1, read_kernel(plan->resampling), image.bytes().data(),
                 type, request, context) ||
      !read_band(vrt.get(), *plan, 2, GRIORA_NearestNeighbour, alpha.data(), GDT_Float32,
                 request, context)) {
    context.check();
    throw errors.explain(
        failure(ErrorKind::corrupt_data, "'{}' cannot be decoded here", facts.name()));
  }

  const auto valid = image.valid();
  for (std::size_t i = 0; i < alpha.size(); ++i) valid[i] = alpha[i] != 0 ? 1 : 0;
  io::mask_nodata(image, info);
  return image;
}

}  // namespace terrazzo::formats
