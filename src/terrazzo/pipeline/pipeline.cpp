#include "terrazzo/pipeline/pipeline.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "terrazzo/base/digest.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/pipeline/outputs.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{1} << 20;

std::string absolute(const std::string& path, const fs::path& folder) {
  if (is_in_a_store(path)) return path;
  auto text = (folder / path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

// Paths of SQLite begin at the folder too; other URLs stay.
std::string catalogue_uri(const std::string& uri, const fs::path& folder) {
  constexpr std::string_view prefix = "sqlite:///";
  if (uri.starts_with(prefix)) return absolute(uri.substr(prefix.size()), folder);
  return absolute(uri, folder);
}

// A step or product is written as its name, or as an object with its name as the only
// key.
struct Written {
  std::string name;
  Options options;
};

Written written(const Options& file, const std::string& pointer, std::string_view what,
                const Json& entry) {
  std::string name;
  std::string below = "/-";
  if (entry.is_string()) {
    name = entry.get<std::string>();
  } else if (entry.is_object() && entry.size() == 1) {
    name = entry.begin().key();
    below = '/' + pointer_part(name);
  } else {
    throw invalid("{}: a {} is written as '- name' or '- name: {{options}}'",
                  file.where(pointer), what);
  }
  auto owner = fmt::format("{} '{}'", what, shown(name));
  return {std::move(name), file.below(pointer + below, std::move(owner))};
}

template <class Kind>
const Kind& kind_of(Kinds<Kind> kinds, const Written& entry) {
  std::vector<std::string_view> names;
  for (const Kind* kind : kinds) {
    if (kind->name == entry.name) return *kind;
    names.push_back(kind->name);
  }
  const auto place = entry.options.where();
  if (const auto meant = likely(entry.name, names); !meant.empty())
    throw invalid("{}: there is no such {}; did you mean '{}'?", place, Kind::what,
                  meant);
  throw invalid("{}: there is no such {}; there are: {}", place, Kind::what,
                fmt::join(names, ", "));
}

// Follows what items have along the steps.
class Flow {
 public:
  void pass(const Step& step, const Options& options) {
    for (const std::string& name : step.wants())
      if (std::ranges::find(known_, name) == known_.end())
        throw invalid("{}: there is no attribute '{}' here; there are: {}",
                      options.where(), name, fmt::join(known_, ", "));
    for (const std::string& name : step.gives()) known_.push_back(name);
    const auto keys = step.catalogue_keys();
    if (keys.empty()) return;
    if (!keys_.empty())
      throw invalid("{}: only one step can write records of the catalogue",
                    options.where());
    keys_ = keys;
  }

  std::vector<std::string> keys() const {
    return keys_.empty() ? std::vector<std::string>{"name"} : keys_;
  }

 private:
  std::vector<std::string> known_{"file", "stem", "folder", "generation"};
  std::vector<std::string> keys_;
};

void add_steps(Pipeline& pipeline, const Options& file, const std::vector<Json>& steps) {
  if (steps.empty())
    throw file.wrong("steps", "'steps' is empty; there are: cog, catalogue and others");
  Flow flow;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto step = written(file, fmt::format("/steps/{}", i), "step", steps[i]);
    auto made = kind_of(step_kinds(), step).make(step.options);
    flow.pass(*made, step.options);
    pipeline.steps.push_back({step.name, std::move(made)});
  }
  pipeline.keys = flow.keys();
}

void add_products(Pipeline& pipeline, const Options& file,
                  const std::vector<Json>& products) {
  for (std::size_t i = 0; i < products.size(); ++i) {
    const auto product =
        written(file, fmt::format("/products/{}", i), "product", products[i]);
    const auto options = digest(Json::array({pipeline.outputs, products[i]}).dump());
    pipeline.products.push_back(
        {fmt::format("{}/{}/{}", pipeline.name, product.name, options),
         kind_of(product_kinds(), product).make(product.options)});
  }
}

// Of one entry of a list of these kinds.
template <class Kind>
Json entry_schema(Kinds<Kind> kinds) {
  Json forms = Json::array();
  for (const Kind* kind : kinds) {
    forms.push_back({{"const", kind->name}, {"description", kind->summary}});
    Json options = kind->schema();
    options["description"] = kind->summary;
    Json properties = Json::object();
    properties[std::string{kind->name}] = std::move(options);
    forms.push_back({{"type", "object"},
                     {"properties", std::move(properties)},
                     {"required", Json::array({kind->name})},
                     {"additionalProperties", false}});
  }
  return {{"oneOf", std::move(forms)}};
}

void check_name(const Options& file, const std::string& name) {
  const bool is_plain = std::ranges::all_of(name, [](char c) {
    return c == '-' || c == '_' ||
           (static_cast<unsigned char>(c) < 0x80 &&
            is_letter_or_digit(static_cast<unsigned char>(c)));
  });
  if (name.empty() || !is_plain)
    throw file.wrong("name", "'name' cannot be '{}'; it has letters, digits, - and _",
                     shown(name));
}

}  // namespace

std::string Pipeline::name_of(const std::string& uri) const {
  if (!folder.empty() && uri.starts_with(folder + '/'))
    return uri.substr(folder.size() + 1);
  return uri.substr(uri.rfind('/') + 1);
}

bool Pipeline::takes(const std::string& uri) const {
  if (folder.empty() || !uri.starts_with(folder + '/')) return false;
  const auto below = name_of(uri);
  for (const std::string_view part : split(below, '/'))
    if (part.starts_with('.')) return false;
  return std::ranges::any_of(files, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), below.c_str(), 0) == 0;
  });
}

Pipeline pipeline_of(std::string_view text, const std::string& file_name,
                     const fs::path& folder) {
  const auto document =
      std::make_shared<const YamlDocument>(yaml_document(text, file_name));
  const Options file{document, file_name, "", "pipeline"};
  const auto head = file.read<PipelineOptions>();
  check_name(file, head.name);
  Pipeline pipeline;
  pipeline.name = head.name;
  pipeline.catalogue = catalogue_uri(head.catalogue, folder);
  pipeline.outputs = absolute(head.outputs, folder);
  if (file.values().contains("when")) {
    const auto when = file.below("/when", "when").read<WhenOptions>();
    pipeline.folder = absolute(when.folder, folder);
    pipeline.files = when.files;
  }
  add_steps(pipeline, file, head.steps);
  add_products(pipeline, file, head.products);
  pipeline.recipe = digest(Json::array({pipeline.outputs, head.steps}).dump());
  return pipeline;
}

Pipeline load_pipeline(const fs::path& file) {
  const auto text = read_file(file, most_bytes);
  return pipeline_of(text, shown(file.string()), fs::absolute(file).parent_path());
}

Json pipeline_schema() {
  Json schema = json_schema<PipelineOptions>();
  schema["properties"]["when"] = json_schema<WhenOptions>();
  schema["properties"]["steps"]["items"] = entry_schema(step_kinds());
  schema["properties"]["products"]["items"] = entry_schema(product_kinds());
  return schema;
}

std::string output_uri(const std::string& outputs, const std::string& name) {
  for (const std::string_view part : split(name, '/'))
    if (part.empty() || part == "." || part == "..")
      throw invalid("'{}' is no name for an output; it may not have empty parts, . or ..",
                    shown(name));
  return outputs + '/' + name;
}

}  // namespace terrazzo::pipeline
