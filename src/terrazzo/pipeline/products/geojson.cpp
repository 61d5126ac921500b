#include "terrazzo/base/aside.hpp"
#include "terrazzo/catalog/encoding.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::pipeline {
namespace {

struct GeojsonOptions {
  std::string to = "geojson/{collection}.geojson";

  void fields(auto& f) {
    f("to", to,
      "The name of the file among the outputs, filled with {collection} and what "
      "attributes all its frames have in common.");
  }
};

Json feature_of(const catalog::Frame& frame) {
  Json properties = frame.attributes;
  properties["collection"] = frame.collection;
  properties["name"] = frame.name;
  properties["uri"] = frame.uri;
  properties["crs"] = frame.crs;
  if (frame.time) properties["time"] = iso_text(*frame.time);
  const Box& box = frame.bounds;
  return {{"type", "Feature"},
          {"id", frame.name},
          {"bbox", {box.west, box.south, box.east, box.north}},
          {"geometry", catalog::geojson(frame.footprint)},
          {"properties", std::move(properties)}};
}

class Geojson final : public Product {
 public:
  explicit Geojson(const Options& options)
      : to_(template_of(options, "to", options.read<GeojsonOptions>().to)) {}

  std::vector<OutputFile> make(const ProductInput& input) const override {
    // Feature by feature: the whole of a large collection would fill the memory.
    std::string text = "{\"type\":\"FeatureCollection\",\"features\":[";
    for (const auto& frame : input.frames) {
      if (&frame != &input.frames.front()) text += ",\n";
      text += catalog::json_text(feature_of(frame));
    }
    text += "]}\n";
    const auto file = input.scratch.file("frames.geojson");
    write_file(file, text);
    return {{file, output_uri(input.outputs, to_.fill(input.attributes))}};
  }

 private:
  Template to_;
};

}  // namespace

extern const ProductKind product_geojson;
const ProductKind product_geojson{
    .name = "geojson",
    .summary =
        "The frames of a collection as GeoJSON, with their outlines and "
        "attributes.",
    .schema = json_schema<GeojsonOptions>,
    .make = [](const Options& options) -> std::unique_ptr<const Product> {
      return std::make_unique<Geojson>(options);
    },
};

}  // namespace terrazzo::pipeline
