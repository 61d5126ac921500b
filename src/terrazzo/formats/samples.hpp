#pragma once
// Small rasters for the tests of this layer, written in a folder that goes away.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/data/geo.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::formats {

class SampleFolder {
 public:
  SampleFolder();
  ~SampleFolder();
  SampleFolder(const SampleFolder&) = delete;
  SampleFolder& operator=(const SampleFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  // Names of all files, hidden ones too, sorted.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path path_;
};

struct Sample {
  ElementType type = ElementType::uint16;
  std::size_t rows = 256;
  std::size_t cols = 256;
  int bands = 1;
  std::optional<Affine> affine = Affine{10, 0, 399960, 0, -10, 5900040};
  std::string crs = "EPSG:32633";  // empty: none
  std::optional<double> nodata{};
  std::function<double(int band, std::size_t row, std::size_t col)> value =
      [](int band, std::size_t row, std::size_t col) {
        return static_cast<double>((row * 7 + col * 3) % 200) + band;
      };
  std::function<bool(std::size_t row, std::size_t col)>
      masked{};                        // makes a mask, if given
  std::vector<std::string> options{};  // "TILED=YES"
  std::vector<int> overviews{};        // factors
  bool last_is_alpha = false;
};

// Writes a GeoTIFF.
void write_sample(const std::filesystem::path& path, const Sample& sample = {});

// Writes a GeoTIFF in EPSG:3857 whose 60 000 x 60 000 pixels are all 0 and take little
// room, but long to read.
void write_huge(const std::filesystem::path& path);

// Cuts the file to a part of its length.
void truncate_sample(const std::filesystem::path& path, double part);

}  // namespace terrazzo::formats
