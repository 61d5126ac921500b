#include "settings.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "terrazzo/base/config.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::app {
namespace {

namespace fs = std::filesystem;

// Settings of Terracotta that have nothing to set here.
constexpr std::array without_effect{
    "flask_profile",       "xray_profile",        "raster_cache_compress_level",
    "use_multiprocessing", "remote_db_cache_dir", "remote_db_cache_ttl",
};

// Of a settings file or a colour map.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

Json file_values(const std::string& path) {
  Json values = json_of_toml(read_file(path, most_bytes), path);
  for (const char* name : without_effect)
    if (values.erase(name) > 0)
      log::warning("this setting of Terracotta has no effect", {{"name", name}});
  return values;
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
  return from_json<maps::Settings>(values, "settings");
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
