#include "terrazzo/pipeline/product.hpp"

namespace terrazzo::pipeline {
namespace {

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Attributes attributes_of(const catalog::Frame& frame) {
  Attributes attributes;
  for (const auto& [name, value] : frame.attributes.items())
    attributes[name] = text_of(value);
  attributes["collection"] = frame.collection;
  attributes["name"] = frame.name;
  attributes["uri"] = frame.uri;
  attributes["crs"] = frame.crs;
  return attributes;
}

Attributes common_attributes(const catalog::Collection& collection,
                             const std::vector<catalog::Frame>& frames) {
  Attributes common;
  if (!frames.empty())
    for (const auto& [name, value] : frames.front().attributes.items())
      common[name] = text_of(value);
  for (const catalog::Frame& frame : frames)
    std::erase_if(common, [&](const auto& attribute) {
      const auto found = frame.attributes.find(attribute.first);
      return found == frame.attributes.end() || text_of(*found) != attribute.second;
    });
  common["collection"] = collection.name;
  return common;
}

}  // namespace terrazzo::pipeline
