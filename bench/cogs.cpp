// Making cloud-optimised GeoTIFFs of three bands. Each run is a process of its own, so
// that the most memory it took is its own.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include "benches.hpp"
#include "gdal_baseline.hpp"
#include "scenes.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/formats/cog.hpp"

extern char** environ;

namespace terrazzo::bench {
namespace {

constexpr int side = 8192;
constexpr int bands = 3;
constexpr int runs = 7;

// Smooth hills in three colours, grain of four bits, black outside a slanted edge; strips
// with DEFLATE 1. Compresses to about three quarters.
void make_colors(const std::string& path) {
  GDALAllRegister();
  const char* options[] = {"COMPRESS=DEFLATE", "ZLEVEL=1", "PHOTOMETRIC=RGB",
                           "INTERLEAVE=PIXEL", nullptr};
  auto* file = GetGDALDriverManager()->GetDriverByName("GTiff")->Create(
      path.c_str(), side, side, bands, GDT_Byte, const_cast<char**>(options));
  if (file == nullptr)
    throw failure(ErrorKind::unavailable, "cannot write the scene {}", path);
  double affine[] = {400000, 0.5, 0, 5900000, 0, -0.5};
  file->SetGeoTransform(affine);
  OGRSpatialReference utm;
  utm.importFromEPSG(32633);
  file->SetSpatialRef(&utm);
  std::mt19937 random{7};
  std::vector<std::uint8_t> row(side * bands);
  for (int r = 0; r < side; ++r) {
    for (int c = 0; c < side; ++c) {
      const double hills = 90 + 50 * std::sin(r / 61.0) * std::cos(c / 83.0);
      const auto grain = random();
      for (int b = 0; b < bands; ++b)
        row[static_cast<std::size_t>(c * bands + b)] =
            c < r / 16
                ? std::uint8_t{0}
                : static_cast<std::uint8_t>(
                      hills + 20 * b +
                      static_cast<double>(grain >> (4 * static_cast<unsigned>(b)) & 15U));
    }
    if (file->RasterIO(GF_Write, 0, r, side, 1, row.data(), side, 1, GDT_Byte, bands,
                       nullptr, bands, side * bands, 1, nullptr) != CE_None)
      throw failure(ErrorKind::unavailable, "cannot write the scene {}", path);
  }
  GDALClose(file);
}

struct Cost {
  double cpu = 0;     // s, all threads
  double wall = 0;    // s
  double memory = 0;  // MB, the most at once
};

// This program again:  make_cog ours|gdal COMPRESSION IN OUT
Cost cost_of(const std::string& who, const std::string& compression,
             const std::string& in, const std::string& out) {
  std::array<std::string, 6> words{"terrazzo_bench", "make_cog", who,
                                   compression,      in,         out};
  std::array<char*, 7> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  std::filesystem::remove(out);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments.data(),
                    environ) != 0)
    throw failure(ErrorKind::internal, "cannot start a process");
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  if (status != 0) throw failure(ErrorKind::internal, "{} failed", who);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(used.ru_utime) + seconds(used.ru_stime),
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(used.ru_maxrss) * 1024 / 1e6};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Greatest difference of values over all pixels and bands.
int difference(const std::string& a, const std::string& b) {
  constexpr int rows = 256;
  std::array<GDALDataset*, 2> files{
      static_cast<GDALDataset*>(GDALOpen(a.c_str(), GA_ReadOnly)),
      static_cast<GDALDataset*>(GDALOpen(b.c_str(), GA_ReadOnly))};
  std::array<std::vector<std::uint8_t>, 2> pixels;
  int most = 0;
  for (int row = 0; row < side; row += rows) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      pixels[i].resize(std::size_t{side} * rows * bands);
      if (files[i] == nullptr ||
          files[i]->RasterIO(GF_Read, 0, row, side, rows, pixels[i].data(), side, rows,
                             GDT_Byte, bands, nullptr, 0, 0, 0, nullptr) != CE_None)
        throw failure(ErrorKind::internal, "cannot read a COG");
    }
    for (std::size_t i = 0; i < pixels[0].size(); ++i)
      most = std::max(most, std::abs(pixels[0][i] - pixels[1][i]));
  }
  for (GDALDataset* file : files) GDALClose(file);
  empty_block_cache();
  return most;
}

void compare(const std::string& compression, const std::string& in,
             const Scratch& scratch) {
  const auto our_file = scratch.path("ours.tif");
  const auto their_file = scratch.path("theirs.tif");
  std::vector<double> ratios;
  std::vector<double> walls;
  std::array<std::vector<double>, 2> cpus;
  double our_memory = 0;
  double their_memory = 0;
  for (int i = 0; i <= runs; ++i) {
    const Cost ours = cost_of("ours", compression, in, our_file);
    const Cost theirs = cost_of("gdal", compression, in, their_file);
    if (i == 0) continue;
    cpus[0].push_back(ours.cpu);
    cpus[1].push_back(theirs.cpu);
    ratios.push_back(theirs.cpu / ours.cpu);
    walls.push_back(theirs.wall / ours.wall);
    our_memory = std::max(our_memory, ours.memory);
    their_memory = std::max(their_memory, theirs.memory);
  }
  const auto size = [](const std::string& path) {
    return static_cast<double>(std::filesystem::file_size(path));
  };
  fmt::print(
      "COG {}² x {} uint8, {}: CPU {:.2f} s, GDAL {:.2f} s, ratio {:.2f} (goal 2), wall "
      "ratio {:.2f}; memory {:.0f} MB (goal 150), GDAL {:.0f}; size {:.1f} MB, of GDAL's "
      "{:.3f} (goal 1.03)\n",
      side, bands, compression, median(cpus[0]), median(cpus[1]), median(ratios),
      median(walls), our_memory, their_memory, size(our_file) / 1e6,
      size(our_file) / size(their_file));
  fmt::print("    greatest difference to the scene: {}, of GDAL's {}\n",
             difference(in, our_file), difference(in, their_file));
  std::fflush(stdout);
}

}  // namespace

void make_cog(const std::string& who, const std::string& compression,
              const std::string& in, const std::string& out) {
  GDALAllRegister();
  if (who == "gdal") return gdal_cog(in, out, compression, "");
  formats::CogOptions options{.compression = compression, .overwrite = "replace"};
  options.bands = {};
  options.threads = 0;
  formats::write_cog(in, out, options);
}

void color_cogs() {
  const Scratch scratch;
  const auto in = scratch.path("colors.tif");
  make_colors(in);
  for (const char* compression : {"deflate", "zstd", "jpeg"})
    compare(compression, in, scratch);
}

}  // namespace terrazzo::bench
