#include "settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "terrazzo/base/config.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/catalog/database_url.hpp"

extern char** environ;

namespace terrazzo::app {
namespace {

namespace fs = std::filesystem;

// Settings of Terracotta that have nothing to set here.
constexpr std::string_view without_effect[] = {
    "flask_profile",       "xray_profile",        "raster_cache_compress_level",
    "use_multiprocessing", "remote_db_cache_dir", "mysql_user",
    "mysql_password",      "postgresql_user",     "postgresql_password",
};

// Variables that are no settings: see environment().
constexpr std::string_view other_variables[] = {"extra_cmap_folder", "testing"};
constexpr std::string_view own_prefix = "TERRAZZO_";

// Of a settings file or a colour map.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

// Each value is checked by itself, so that a message can name its line.
Json file_values(const std::string& path) {
  const std::string text = read_file(path, most_bytes);
  Json values = json_of_toml(text, path);
  for (const std::string_view name : without_effect)
    if (values.erase(std::string{name}) > 0)
      log::warning("this setting of Terracotta has no effect", {{"name", name}});
  for (const auto& [name, value] : values.items())
    (void)from_json<maps::Settings>(
        Json{{name, value}}, fmt::format("{}:{}", shown(path), line_of_key(text, name)));
  return values;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const FieldRow& row : field_rows<maps::Settings>()) names.push_back(row.name);
  return names;
}

bool has_no_effect(std::string_view variable) {
  for (const std::string_view prefix : {own_prefix, std::string_view{"TC_"}})
    if (variable.starts_with(prefix) &&
        std::ranges::find(without_effect, lower_case(variable.substr(prefix.size()))) !=
            std::end(without_effect))
      return true;
  return false;
}

// A misspelt variable would otherwise do nothing, silently. Others' variables may begin
// with TC_, so those are let be.
void warn_of_unknown_variables() {
  const auto settings = setting_names();
  std::vector<std::string_view> known{settings.begin(), settings.end()};
  known.insert(known.end(), std::begin(other_variables), std::end(other_variables));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line{*entry};
    const std::string_view variable = line.substr(0, line.find('='));
    if (has_no_effect(variable)) {
      log::warning("this setting of Terracotta has no effect", {{"variable", variable}});
      continue;
    }
    if (!variable.starts_with(own_prefix)) continue;
    const std::string name = lower_case(variable.substr(own_prefix.size()));
    const bool is_upper = lower_case(variable) != variable;
    if (is_upper && std::ranges::find(known, name) != known.end()) continue;
    const auto meant = likely(name, known);
    if (meant.empty()) {
      log::warning("no setting has this variable", {{"variable", variable}});
    } else {
      const auto right = fmt::format("{}{}", own_prefix, upper_case(meant));
      log::warning("no setting has this variable; did you mean another?",
                   {{"variable", variable}, {"meant", right}});
    }
  }
}

}  // namespace

std::optional<std::string> environment(std::string_view name) {
  for (const std::string_view prefix : {"TERRAZZO_", "TC_"}) {
    const char* value = std::getenv(fmt::format("{}{}", prefix, name).c_str());
    if (value != nullptr && *value != '\0') return value;
  }
  return std::nullopt;
}

maps::Settings load_settings(const Session& session, const Json& flags) {
  Json values = Json::object();
  if (!session.config.empty()) values = file_values(session.config);
  values = merge(values, environment_values(field_rows<maps::Settings>()));
  values = merge(values, flags);
  if (!session.loglevel.empty()) values["loglevel"] = session.loglevel;
  warn_of_unknown_variables();
  auto settings = from_json<maps::Settings>(values, "settings");
  maps::check(settings);
  return settings;
}

std::string with_login(const Session& session, const std::string& uri) {
  if (uri.find("://") == std::string::npos) return uri;
  const auto settings = load_settings(session, Json::object());
  return catalog::with_login(uri, settings.sql_user.value_or(""),
                             settings.sql_password.value_or(""));
}

raster::Colormaps load_colormaps() {
  raster::Colormaps colormaps;
  const auto folder = environment("EXTRA_CMAP_FOLDER");
  if (!folder) return colormaps;
  if (!fs::is_directory(*folder))
    throw failure(ErrorKind::not_found, "there is no folder '{}' of colour maps",
                  *folder);
  for (const auto& entry : fs::directory_iterator{*folder}) {
    if (entry.path().extension() != ".npy") continue;
    auto name = lower_case(entry.path().stem().string());
    if (name.ends_with("_rgba")) name.resize(name.size() - 5);
    try {
      colormaps.add(name,
                    raster::color_table_from_npy(read_file(entry.path(), most_bytes)));
    } catch (const Error& e) {
      throw failure(e.kind(), "colour map '{}': {}", name, e.message());
    }
  }
  return colormaps;
}

}  // namespace terrazzo::app
