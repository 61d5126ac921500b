#include <filesystem>
#include <fstream>

#include "command.hpp"
#include "options.hpp"
#include "settings.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/catalog/migrate.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/formats/info.hpp"
#include "terrazzo/io/tiff_opener.hpp"

namespace terrazzo::app {
namespace {

constexpr std::size_t values_shown = 20;  // of each key

struct Request {
  std::string source{};
  int band = 1;
  bool statistics = false;

  void fields(auto& f) {
    f("source", source, "A raster or a catalogue, as a path or URL.", required());
    f("band", band, "The band whose statistics are computed, from 1.", at_least(1));
    f("statistics", statistics, "Read the raster and tell range, mean and percentiles.");
  }
};

bool is_remote(const std::string& source) {
  const std::string scheme = lower_case(source.substr(0, source.find("://")));
  return source.size() > scheme.size() &&
         (scheme == "s3" || scheme == "http" || scheme == "https");
}

bool is_catalog(const std::string& source) {
  const auto extension = lower_case(std::filesystem::path{source}.extension().string());
  if (source.find("://") != std::string::npos)
    return !is_remote(source) || extension == ".sqlite" || extension == ".db";
  constexpr std::string_view magic = "SQLite format 3";
  std::string head(magic.size(), '\0');
  std::ifstream{source}.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head == magic && std::filesystem::path{source}.extension() != ".gpkg" &&
         std::filesystem::path{source}.extension() != ".mbtiles";
}

Json json_of(const Box& box) { return {box.west, box.south, box.east, box.north}; }

Json json_of(const catalog::Metadata& metadata) {
  return {{"bounds", json_of(metadata.bounds)},
          {"valid_percentage", metadata.valid_percentage},
          {"range", {metadata.low, metadata.high}},
          {"mean", metadata.mean},
          {"stdev", metadata.stdev},
          {"percentiles", metadata.percentiles}};
}

// By terrazzo's own reader, if it knows the kind of file; GDAL reads some that are odd.
std::shared_ptr<const io::Raster> opened(const Request& request) {
  try {
    return io::tiff_opener()->open(request.source, request.band);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::corrupt_data)
      throw;
  }
  return formats::gdal_opener()->open(request.source, request.band);
}

Json about_raster(const Request& request) {
  const auto raster = opened(request);
  Json about = formats::info_json(raster->info());
  if (request.statistics) about["statistics"] = json_of(catalog::describe(*raster));
  return about;
}

Json about_catalog(const std::string& uri) {
  const auto catalog = catalog::open_catalog(uri, {.read_only = true});
  Json keys = Json::array();
  auto facets = catalog->facets({}, values_shown);
  for (const catalog::KeyName& key : catalog->key_names()) {
    Json about{{"key", key.name}};
    if (!key.description.empty()) about["description"] = key.description;
    for (const auto& [value, count] : facets[key.name]) about["values"][value] = count;
    keys.push_back(std::move(about));
  }
  return {{"version", catalog::plan_migration(uri).from},
          {"datasets", catalog->count({})},
          {"keys", std::move(keys)}};
}

// "key sensor, values (S2 2)"
std::string line_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return value.dump();
  std::vector<std::string> parts;
  for (const auto& [name, part] : value.items())
    parts.push_back(part.is_object() ? fmt::format("{} ({})", name, line_of(part))
                                     : fmt::format("{} {}", name, line_of(part)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// A line for each entry, and one for each item of a list of entries.
std::string text_of(Json about) {
  if (about.contains("crs")) about["crs"].erase("wkt");
  if (about.contains("format") && !about.contains("crs")) about["crs"] = "none";
  std::vector<std::string> lines;
  for (const auto& [name, value] : about.items()) {
    if (value.is_array() && !value.empty() && value.front().is_object()) {
      lines.push_back(name + ":");
      for (const Json& item : value) lines.push_back("  " + line_of(item));
    } else {
      lines.push_back(fmt::format("{}: {}", name, line_of(value)));
    }
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

int run(const Request& request, const Session& session) {
  const Json about = is_catalog(request.source)
                         ? about_catalog(with_login(session, request.source))
                         : about_raster(request);
  session.result(about, text_of(about));
  return 0;
}

Run declare(CLI::App& app) {
  const auto options = options_of<Request>(
      app, "info", {{"source", "source"}, {"statistics", "-s,--statistics"}});
  return [options](const Session& session) {
    return run(options->read<Request>(), session);
  };
}

}  // namespace

extern const CommandKind command_info;
constinit const CommandKind command_info{
    "info", "Tell what a raster or a catalogue holds.", declare};

}  // namespace terrazzo::app
