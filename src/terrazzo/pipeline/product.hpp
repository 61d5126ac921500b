#pragma once
// A product is made of a whole collection: a tile index, a file for a map server. It is
// made again some moments after frames of the collection have changed, once for all that
// changed. To add one, put one file into products/.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/kinds.hpp"
#include "terrazzo/catalog/frames.hpp"
#include "terrazzo/pipeline/item.hpp"
#include "terrazzo/pipeline/options.hpp"

namespace terrazzo::pipeline {

// What a product is made of.
struct ProductInput {
  const catalog::Collection& collection;
  const std::vector<catalog::Frame>& frames;  // at least one, by name
  const Scratch& scratch;
  std::string outputs{};  // folder or prefix that products lie in

  // "collection", and the attributes that all frames have with the same value.
  Attributes attributes{};
};

// Immutable; one product makes many collections at once.
class Product {
 public:
  virtual ~Product() = default;

  // Makes the files in the scratch folder, and says where each of them goes.
  // Throws Error: it is tried again later.
  virtual std::vector<OutputFile> make(const ProductInput& input) const = 0;
};

struct ProductKind {
  static constexpr std::string_view what = "product";
  std::string_view name;     // "geojson"
  std::string_view summary;  // one sentence
  Json (*schema)();          // of its options
  // Throws invalid_input, with the place: an option is wrong.
  std::unique_ptr<const Product> (*make)(const Options& options);
};

// One row for each file of products/.
Kinds<ProductKind> product_kinds();

// What templates for a product's files can have of its collection.
Attributes common_attributes(const catalog::Collection& collection,
                             const std::vector<catalog::Frame>& frames);

// What templates for a frame can have: its attributes, and collection, name, uri, crs.
Attributes attributes_of(const catalog::Frame& frame);

}  // namespace terrazzo::pipeline
