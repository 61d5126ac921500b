#pragma once
// Scenes made from a seed: smooth terrain with noise in the low bits and a nodata edge,
// uint16, UTM 33N, 10 m; with DEFLATE 6 about two thirds of their raw size.

#include <filesystem>
#include <string>

namespace terrazzo::bench {

// A folder of its own, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

// A plain striped GeoTIFF of side x side pixels.
void make_scene(const std::string& path, int side, unsigned seed);

}  // namespace terrazzo::bench
