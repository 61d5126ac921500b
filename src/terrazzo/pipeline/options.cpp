#include "terrazzo/pipeline/options.hpp"

#include <algorithm>

#include "terrazzo/base/text.hpp"

namespace terrazzo::pipeline {

Options::Options(std::shared_ptr<const YamlDocument> file, std::string file_name,
                 std::string pointer, std::string owner)
    : file_(std::move(file)),
      file_name_(std::move(file_name)),
      pointer_(std::move(pointer)),
      owner_(std::move(owner)) {}

const Json& Options::values() const {
  static const Json nothing;
  const Json::json_pointer pointer{pointer_};
  return file_->value.contains(pointer) ? file_->value.at(pointer) : nothing;
}

std::string Options::where(std::string_view below) const {
  const auto line = file_->line_of(pointer_ + std::string{below});
  return fmt::format("{}:{}: {}", file_name_, line, owner_);
}

Options Options::below(std::string_view pointer, std::string owner) const {
  return {file_, file_name_, pointer_ + std::string{pointer}, std::move(owner)};
}

void Options::need_object(std::string_view name) const {
  const auto found = values().find(name);
  if (found != values().end() && !found->is_object())
    throw wrong(name, "'{}' is names with values, not {}", name, found->type_name());
}

void Options::check(const std::vector<FieldRow>& rows) const {
  if (!values().is_object() && !values().is_null())
    throw invalid("{}: its options are names with values, not {}", where(),
                  values().type_name());
  std::vector<std::string_view> names;
  for (const FieldRow& row : rows) names.push_back(row.name);
  for (const auto& [name, value] : values().items()) {
    const auto row = std::ranges::find(rows, name, &FieldRow::name);
    const auto place = where('/' + pointer_part(name));
    if (row != rows.end())
      check_value(place, *row, value);
    else if (const auto meant = likely(name, names); !meant.empty())
      throw invalid("{}: no option is called '{}'; did you mean '{}'?", place,
                    shown(name), meant);
    else if (names.empty())
      throw invalid("{}: no option is called '{}'; it has none", place, shown(name));
    else
      throw invalid("{}: no option is called '{}'; it has: {}", place, shown(name),
                    fmt::join(names, ", "));
  }
  for (const FieldRow& row : rows)
    if (row.facts.required && !values().contains(row.name))
      throw invalid("{}: '{}' is missing: {}", where(), row.name, row.doc);
}

}  // namespace terrazzo::pipeline
