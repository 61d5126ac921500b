#pragma once
// The fields of a struct as options of the command line.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "terrazzo/base/fields.hpp"

namespace CLI {
class App;
}

namespace terrazzo::app {

// Field name -> its names on the command line: {"output", "-o,--output-file"} has these,
// {"pattern", "pattern"} stands by its position, {"loglevel", ""} is no option. Fields
// that are not in it are called after their name: max_zoom is --max-zoom.
using OptionNames = std::map<std::string, std::string>;

// Truth values take no argument: --reproject; those that are true or open by default
// can be denied: --no-in-memory. Lists take commas (--bands 1,2), JSON or repetition;
// by position, one argument each.
class Options {
 public:
  Options(CLI::App& app, std::string owner, const std::vector<FieldRow>& rows,
          const OptionNames& names = {});
  ~Options();

  // What was given, after parsing. Throws invalid_input: a text is not what its field
  // wants.
  Json given() const;

  // Throws invalid_input as from_json().
  template <class T>
  T read(T start = {}) const {
    return from_json<T>(given(), owner_, std::move(start));
  }

 private:
  struct Entry;
  std::string owner_;
  std::vector<Entry> entries_;
};

template <class T>
std::shared_ptr<Options> options_of(CLI::App& app, std::string owner,
                                    const OptionNames& names = {}) {
  return std::make_shared<Options>(app, std::move(owner), field_rows<T>(), names);
}

}  // namespace terrazzo::app
