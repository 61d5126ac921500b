// Metadata of a scene and making it cloud-optimised.

#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "benches.hpp"
#include "gdal_baseline.hpp"
#include "pairs.hpp"
#include "scenes.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_opener.hpp"

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

}  // namespace

void metadata() {
  const Scratch scratch;
  const auto raw = scratch.path("raw.tif");
  make_scene(raw, side, 5);
  const auto opener = formats::gdal_opener({.cache_bytes = block_cache_bytes});
  const auto ours = [&] { return catalog::describe(*opener->open(raw)); };
  check_same(ours(), gdal_statistics(raw));
  run({.name = "metadata, 4096 x 4096 uint16",
       .baseline = "GDAL statistics and 65536-bin histogram (no hull)",
       .ours = {[&](int) { ours(); }},
       .theirs = {[&](int) { gdal_statistics(raw); }},
       .before = empty_block_cache,
       .runs = runs});
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
