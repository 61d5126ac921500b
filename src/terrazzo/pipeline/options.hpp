#pragma once
// Options in a pipeline file, with the place where each of them stands.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/yaml.hpp"

namespace terrazzo::pipeline {

// Cheap to copy.
class Options {
 public:
  // owner: whose they are, as "step 'cog'".
  Options(std::shared_ptr<const YamlDocument> file, std::string file_name,
          std::string pointer, std::string owner);

  // An object; null if nothing was given.
  const Json& values() const;

  // "aerial.yaml:12: step 'cog'", with the line of the option at a pointer below these.
  std::string where(std::string_view below = "") const;

  // Those that stand at a pointer below these: "/profiles/bw".
  Options below(std::string_view pointer, std::string owner) const;

  // Throws invalid_input, with file and line: an option is missing, unknown, of the wrong
  // type or out of its bounds.
  template <class T>
  T read() const {
    check(field_rows<T>());
    return from_json<T>(values(), where());
  }

  // Throws invalid_input: the option is there and is no object of named values.
  void need_object(std::string_view name) const;

  // The error for one of them: "aerial.yaml:12: step 'cog': 'to' …".
  template <class... Args>
  Error wrong(std::string_view name, fmt::format_string<Args...> text,
              Args&&... args) const {
    return invalid("{}: {}", where('/' + pointer_part(name)),
                   fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  void check(const std::vector<FieldRow>& rows) const;

  std::shared_ptr<const YamlDocument> file_;
  std::string file_name_;
  std::string pointer_;
  std::string owner_;
};

}  // namespace terrazzo::pipeline
