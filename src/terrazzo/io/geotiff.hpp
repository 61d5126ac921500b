#pragma once
// A TIFF as a raster: levels of resolution, masks, bands, place on Earth.

#include <cstddef>
#include <optional>
#include <vector>

#include "terrazzo/io/raster.hpp"
#include "terrazzo/io/tiff.hpp"

namespace terrazzo::io {

// Indices into TiffFile::images.
struct GeoTiffLevel {
  std::size_t image = 0;
  std::optional<std::size_t> mask{};  // of the same size
};

// Everything that is known of a file before its pixels are read. Immutable.
struct GeoTiff {
  TiffFile tiff{};
  RasterInfo info{};
  std::vector<GeoTiffLevel>
      levels{};          // the raster itself, then its overviews, finest first
  int alpha_band = 0;    // from 1; 0: none
  int mask_samples = 0;  // of the mask: 1, or one for each band; 0: no mask

  const TiffImage& image(std::size_t level) const {
    return tiff.images[levels[level].image];
  }
  const TiffImage* mask(std::size_t level) const {
    const auto& mask = levels[level].mask;
    return mask ? &tiff.images[*mask] : nullptr;
  }
};

// Throws as read_tiff(); unsupported: a kind of TIFF that this reader leaves to others
// (an unknown compression, scattered ground control points, packed signed samples).
GeoTiff read_geotiff(const ByteSource& source, const Context& context = {});

// The same of directories that were read before.
GeoTiff geotiff_of(TiffFile tiff);

// The type of the elements that samples are decoded to: packed ones of 12 bits to uint16,
// floating-point ones of 16 bits to float32. Throws unsupported.
ElementType element_type_of(const TiffImage& image);

// The reference system of the GeoKeys; empty: there are none.
// Throws unsupported: one without a code that is more than a common projection in metres
// on WGS 84, NAD83 or NAD27, or Esri's words for one.
std::optional<Crs> crs_of(const TiffTags& tags);

// Grid to reference system (GeoTIFF 1.1, part 7.3); pixel corners, whatever the raster
// type. Empty: the file has none.
// Throws unsupported: it is placed by ground control points that do not lie on a grid to
// a quarter of a pixel.
std::optional<Affine> affine_of(const TiffTags& tags);

// Fills descriptions, scales, offsets and labels from GDAL_METADATA. Text that is not
// XML, and items for bands that do not exist, are passed over.
void read_band_metadata(const std::string& xml, std::vector<BandInfo>& bands);

}  // namespace terrazzo::io
