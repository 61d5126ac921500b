#include "terrazzo/pipeline/step.hpp"

#include "terrazzo/base/text.hpp"

namespace terrazzo::pipeline {

Template template_of(const Options& options, std::string_view name,
                     const std::string& text) {
  try {
    return Template{text};
  } catch (const Error& error) {
    throw options.wrong(name, "'{}': {}", name, error.message());
  }
}

Template output_template_of(const Options& options, std::string_view name,
                            const std::string& text) {
  auto made = template_of(options, name, text);
  if (!text.empty() && !made.has("generation"))
    throw options.wrong(name,
                        "'{}' is '{}', without {{generation}}: the file would change "
                        "under its readers",
                        name, shown(text));
  return made;
}

const std::string& location_of(const Item& item) {
  if (item.location.empty())
    throw invalid(
        "what the steps have made of '{}' is published nowhere; a step before this one "
        "must say where to, as cog does",
        shown(item.uri));
  return item.location;
}

}  // namespace terrazzo::pipeline
