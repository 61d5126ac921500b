#include "terrazzo/formats/gdal_strips.hpp"

#include "terrazzo/base/error.hpp"
#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/formats/gdal_session.hpp"
#include "terrazzo/io/nodata.hpp"

namespace terrazzo::formats {
namespace {

class GdalStrips final : public io::StripSource {
 public:
  GdalStrips(GDALDatasetH dataset, ElementType type, bool masked, std::string name)
      : dataset_(dataset),
        shape_{type, static_cast<std::size_t>(GDALGetRasterCount(dataset)),
               static_cast<std::size_t>(GDALGetRasterYSize(dataset)),
               static_cast<std::size_t>(GDALGetRasterXSize(dataset)), masked},
        name_(std::move(name)) {}

  const io::StripShape& shape() const override { return shape_; }

  void read(std::size_t first, std::size_t rows, io::Strip& to,
            const Context& context) override {
    context.check();
    const GdalErrors errors;
    to.resize(shape_, rows);
    const bool done =
        read_values(first, rows, to) && (!shape_.masked || read_mask(first, rows, to));
    context.check();
    if (!done || !errors.empty())
      throw errors.explain(
          errors.mention({"out of memory", "cannot allocate"})
              ? failure(ErrorKind::unavailable, "there is not enough memory")
              : failure(ErrorKind::corrupt_data, "'{}' cannot be decoded", name_));
    if (!shape_.masked) return;
    for (std::uint8_t& pixel : to.valid) pixel = pixel != 0 ? 1 : 0;
    if (shape_.samples == 1) io::mask_nodata(shape_.type, to.values, to.valid, {});
  }

 private:
  bool read_values(std::size_t first, std::size_t rows, io::Strip& to) const {
    const auto count = static_cast<int>(rows);
    const auto cols = static_cast<int>(shape_.cols);
    const auto size = static_cast<int>(size_of(shape_.type));
    const GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(dataset_, 1));
    return GDALDatasetRasterIOEx(
               dataset_, GF_Read, 0, static_cast<int>(first), cols, count,
               to.values.data(), cols, count, type, static_cast<int>(shape_.samples),
               nullptr, static_cast<GSpacing>(shape_.pixel_bytes()),
               static_cast<GSpacing>(shape_.row_bytes()), size, nullptr) == CE_None;
  }

  bool read_mask(std::size_t first, std::size_t rows, io::Strip& to) const {
    const auto count = static_cast<int>(rows);
    const auto cols = static_cast<int>(shape_.cols);
    GDALRasterBandH mask = GDALGetMaskBand(GDALGetRasterBand(dataset_, 1));
    return GDALRasterIO(mask, GF_Read, 0, static_cast<int>(first), cols, count,
                        to.valid.data(), cols, count, GDT_Byte, 0, 0) == CE_None;
  }

  GDALDatasetH dataset_;
  io::StripShape shape_;
  std::string name_;
};

}  // namespace

std::unique_ptr<io::StripSource> gdal_strips(void* dataset, ElementType type, bool masked,
                                             const std::string& name) {
  return std::make_unique<GdalStrips>(dataset, type, masked, name);
}

}  // namespace terrazzo::formats
