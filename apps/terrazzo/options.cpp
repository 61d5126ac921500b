#include "options.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "terrazzo/base/text.hpp"

namespace terrazzo::app {
namespace {

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

bool is_list(const FieldRow& row) { return row.type.value("type", "") == "array"; }
bool is_truth(const FieldRow& row) { return row.type.value("type", "") == "boolean"; }

std::string type_word(const Json& type) {
  const auto name = type.value("type", "");
  if (name == "integer") return "INT";
  if (name == "number") return "NUMBER";
  if (name == "array") return type_word(type["items"]) + ",...";
  return "TEXT";
}

std::string help_of(const FieldRow& row) {
  std::string help = row.doc;
  if (!row.facts.one_of.empty())
    help += fmt::format(" One of: {}.", fmt::join(row.facts.one_of, ", "));
  const Json& start = row.default_value;
  if (is_truth(row) || row.facts.secret || start.is_null() || start == "" ||
      start == Json::array())
    return help;
  const auto text = start.is_string() ? start.get<std::string>() : start.dump();
  return help + fmt::format(" [{}]", text);
}

// "--reproject", with its denial where absence does not mean no.
std::string flag_names(std::string names, const FieldRow& row) {
  if (row.default_value != false) names += ",!--no-" + dashed(row.name);
  return names;
}

CLI::Option* add(CLI::App& app, const FieldRow& row, const std::string& names) {
  if (is_truth(row))
    return app.add_flag(flag_names(names, row))
        ->description(help_of(row))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const bool by_position = names.front() != '-';
  CLI::Option* option = app.add_option(names)->description(help_of(row));
  option->type_name(type_word(row.type))->type_size(1);
  option->expected(1)->multi_option_policy(
      is_list(row) ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
  return option->allow_extra_args(by_position && is_list(row));
}

void append_items(Json& list, std::string_view owner, const FieldRow& row,
                  const std::string& text) {
  if (text.starts_with('[')) {
    for (Json& item : json_of_text(owner, row, text)) list.push_back(std::move(item));
    return;
  }
  FieldRow item = row;
  item.type = row.type["items"];
  for (const std::string_view part : split(text, ','))
    list.push_back(json_of_text(owner, item, trimmed(part)));
}

}  // namespace

struct Options::Entry {
  FieldRow row;
  const CLI::Option* option;
  bool by_position;
};

Options::Options(CLI::App& app, std::string owner, const std::vector<FieldRow>& rows,
                 const OptionNames& names)
    : owner_(std::move(owner)) {
  for (const FieldRow& row : rows) {
    const auto named = names.find(row.name);
    const auto text = named == names.end() ? "--" + dashed(row.name) : named->second;
    if (text.empty()) continue;
    CLI::Option* option = add(app, row, text);
    if (row.facts.required) option->required();
    entries_.push_back({row, option, text.front() != '-'});
  }
}

Options::~Options() = default;

Json Options::given() const {
  Json values = Json::object();
  for (const Entry& entry : entries_) {
    const auto& texts = entry.option->results();
    if (texts.empty()) continue;
    Json& value = values[entry.row.name];
    if (!is_list(entry.row)) {
      value = json_of_text(owner_, entry.row, texts.back());
      continue;
    }
    value = Json::array();
    for (const std::string& text : texts) {
      if (entry.by_position)
        value.push_back(text);
      else
        append_items(value, owner_, entry.row, text);
    }
  }
  return values;
}

}  // namespace terrazzo::app
