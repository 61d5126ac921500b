// Metadata of a scene and making it cloud-optimised.

#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>

#include <fmt/format.h>

#include "benches.hpp"
#include "gdal_baseline.hpp"
#include "pairs.hpp"
#include "scenes.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/io/tiff_opener.hpp"

namespace terrazzo::bench {
namespace {

constexpr int side = 4096;
constexpr int runs = 7;

void check_same(const catalog::Metadata& ours, const Figures& theirs) {
  if (ours.low != theirs.low || ours.high != theirs.high ||
      std::abs(ours.mean - theirs.mean) > 1e-6 * std::abs(theirs.mean))
    throw failure(ErrorKind::internal, "{}..{}, mean {} here; {}..{}, mean {} by GDAL",
                  ours.low, ours.high, ours.mean, theirs.low, theirs.high, theirs.mean);
}

// Terracotta's algorithm, if Python is there with numpy and GDAL.
void compare_with_numpy(const std::string& raw,
                        const std::function<catalog::Metadata()>& ours) {
  const std::string command =
      fmt::format("/usr/bin/python3 {}/bench/terracotta_metadata.py {} {} 2>/dev/null",
                  TERRAZZO_SOURCE_DIR, raw, runs);
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Figures theirs;
  double theirs_cpu = 0;
  const bool ran =
      pipe != nullptr && std::fscanf(pipe, "%lf %lf %lf %lf", &theirs_cpu, &theirs.low,
                                     &theirs.high, &theirs.mean) == 4;
  if (pipe != nullptr) ::pclose(pipe);
  if (!ran) return fmt::print("    Terracotta's algorithm: no numpy here\n");
  check_same(ours(), theirs);
  const std::clock_t start = std::clock();
  for (int i = 0; i < runs; ++i) ours();
  const double ours_cpu =
      static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / runs;
  fmt::print(
      "    Terracotta's algorithm in numpy with its hull: CPU {:.2f} s, ratio {:.1f} "
      "(goal 10)\n",
      theirs_cpu, theirs_cpu / ours_cpu);
}

}  // namespace

void metadata() {
  const Scratch scratch;
  const auto raw = scratch.path("raw.tif");
  make_scene(raw, side, 5);
  // As `ingest` does it: no block is asked for twice, so that few are kept.
  const auto ours = [&] {
    return catalog::describe(*io::tiff_opener({.block_bytes = 1 << 20})->open(raw));
  };
  check_same(ours(), gdal_statistics(raw));
  run({.name = "metadata, 4096 x 4096 uint16",
       .baseline = "GDAL statistics and 65536-bin histogram (no hull)",
       .ours = {[&](int) { ours(); }},
       .theirs = {[&](int) { gdal_statistics(raw); }},
       .before = empty_block_cache,
       .runs = runs});
  compare_with_numpy(raw, ours);
}

void optimize() {
  const Scratch scratch;
  const auto raw = scratch.path("raw.tif");
  make_scene(raw, side, 6);
  const auto our_file = scratch.path("ours.tif");
  const auto their_file = scratch.path("theirs.tif");
  const auto megabytes = [](const std::string& path) {
    return static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  };
  constexpr std::pair<const char*, const char*> kinds[] = {{"deflate", "6"},
                                                           {"zstd", "9"}};
  for (const auto& [compression, level] : kinds) {
    const formats::CogOptions options{
        .compression = compression, .overwrite = "replace", .threads = 0};
    run({.name = fmt::format("COG, 4096 x 4096 uint16, {}", compression),
         .baseline = fmt::format("GDAL COG driver, level {}, ALL_CPUS", level),
         .ours = {[&](int) { formats::write_cog(raw, our_file, options); }},
         .theirs = {[&](int) { gdal_cog(raw, their_file, compression, level); }},
         .before = empty_block_cache,
         .runs = runs});
    fmt::print("    files: {:.1f} MB with a mask, {:.1f} MB by GDAL without\n",
               megabytes(our_file), megabytes(their_file));
  }
}

}  // namespace terrazzo::bench
