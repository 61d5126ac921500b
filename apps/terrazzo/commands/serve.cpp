#include <stdlib.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "listen.hpp"
#include "options.hpp"
#include "settings.hpp"
#include "stop.hpp"
#include "temporary.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/catalog/database_url.hpp"
#include "terrazzo/catalog/headers.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/http/app.hpp"
#include "terrazzo/io/tiff_opener.hpp"
#include "terrazzo/jobs/ingest.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::app {
namespace {

// What `serve` is told besides the settings.
struct Request {
  std::string raster_pattern{};
  std::string rgb_key{};
  std::string bands{};
  std::string band_key = "band";
  bool allow_all_ips = false;
  std::string host = "127.0.0.1";
  int port = 0;

  void fields(auto& f) {
    f("raster_pattern", raster_pattern,
      "Serve the rasters whose paths match, as /data/{sensor}_{date}.tif, without a "
      "database.");
    f("rgb_key", rgb_key, "With a pattern: the key that RGB pictures combine.");
    f("bands", bands, "With a pattern: bands that become datasets, as in ingest.");
    f("band_key", band_key, "With bands: what the key for the band is called.");
    f("allow_all_ips", allow_all_ips, "Listen on every network interface.");
    f("host", host, "The address to listen on.");
    f("port", port, "The port; if not told, the first free one of 5000 to 5099.",
      within(0, 65535));
  }
};

constexpr PortRange ports{5000, 5099};

std::unique_ptr<catalog::Catalog> open_database(const maps::Settings& settings) {
  const std::string uri =
      catalog::with_login(settings.driver_path, settings.sql_user.value_or(""),
                          settings.sql_password.value_or(""));
  const catalog::OpenOptions options{.timeout_seconds = settings.db_connection_timeout,
                                     .refresh_seconds = settings.remote_db_cache_ttl};
  if (!settings.driver_provider || settings.driver_provider->empty())
    return catalog::open_catalog(uri, options);
  const auto& kind = find_kind(catalog::catalog_kinds(), *settings.driver_provider);
  return catalog::open_catalog(kind, uri, options);
}

void check(const Request& request, const maps::Settings& settings) {
  if (request.raster_pattern.empty() && settings.driver_path.empty())
    throw invalid("serve needs a database (-d) or a pattern of rasters (-r)");
  const bool has_pattern = !request.raster_pattern.empty();
  const std::pair<const char*, bool> only_with_pattern[]{
      {"--rgb-key", !request.rgb_key.empty()},
      {"--bands", !request.bands.empty()},
      {"--band-key", request.band_key != Request{}.band_key}};
  for (const auto& [name, given] : only_with_pattern)
    if (given && !has_pattern)
      throw invalid(
          "{} goes with a pattern of rasters (-r); the keys of a database are as it was "
          "ingested",
          name);
}

formats::GdalOptions gdal_options(const maps::Settings& settings) {
  return {.s3 = {.endpoint = settings.raster_aws_s3_endpoint.value_or(""),
                 .access_key = settings.raster_aws_access_key.value_or(""),
                 .secret_key = settings.raster_aws_secret_key.value_or("")}};
}

// The own reader is told where S3 is by the variables that all programs read. Before any
// thread runs.
void export_s3_settings(const maps::Settings& settings) {
  const auto put = [](const char* name, const std::optional<std::string>& value) {
    if (value && !value->empty()) ::setenv(name, value->c_str(), 1);
  };
  put("AWS_S3_ENDPOINT", settings.raster_aws_s3_endpoint);
  put("AWS_ACCESS_KEY_ID", settings.raster_aws_access_key);
  put("AWS_SECRET_ACCESS_KEY", settings.raster_aws_secret_key);
}

// Null: the settings name none.
std::shared_ptr<io::DiskCache> disk_cache(const maps::Settings& settings) {
  if (!settings.raster_disk_cache) return nullptr;
  return std::make_shared<io::DiskCache>(*settings.raster_disk_cache,
                                         settings.raster_disk_cache_size);
}

// The fast one reads what it can, GDAL the rest.
std::vector<std::unique_ptr<io::RasterOpener>> openers_for(
    const maps::Settings& settings, const std::shared_ptr<Budget>& budget) {
  std::vector<std::unique_ptr<io::RasterOpener>> openers;
  if (settings.resampler == "fast") {
    export_s3_settings(settings);
    auto headers = catalog::open_headers(settings.driver_path, {.timeout_seconds = 1});
    openers.push_back(io::tiff_opener(
        {.budget = budget, .headers = std::move(headers), .disk = disk_cache(settings)}));
  }
  openers.push_back(formats::gdal_opener(gdal_options(settings)));
  return openers;
}

// Catalogues what matches in a database of its own; nothing is read yet.
std::string ingest_pattern(const Request& request, const TemporaryFolder& folder) {
  jobs::IngestRequest ingest;
  ingest.pattern = request.raster_pattern;
  ingest.output = (folder.path() / "catalogue.sqlite").string();
  ingest.skip_metadata = true;
  ingest.rgb_key = request.rgb_key;
  ingest.bands = request.bands;
  ingest.band_key = request.band_key;
  const auto report = jobs::ingest(ingest, *formats::gdal_opener());
  if (report.inserted == 0)
    throw failure(jobs::worst(report.failed), "no raster can be read; the first: {}",
                  report.failed.front().message);
  return ingest.output;
}

int serve(const Request& request, maps::Settings settings, const Session& session) {
  const StopOnSignals stop;
  std::optional<TemporaryFolder> folder;
  if (!request.raster_pattern.empty())
    settings.driver_path = ingest_pattern(request, folder.emplace());

  auto database = open_database(settings);
  const auto datasets = database->count({});
  const auto budget = Budget::of(settings.raster_cache_size);
  auto openers = openers_for(settings, budget);
  const maps::Maps maps{settings, std::move(database), std::move(openers),
                        load_colormaps(), budget};
  http::App app{maps};

  Listen listen{
      .options = http::server_options(settings),
      .handler = [&app](const http::Request& asked,
                        const Context& context) { return app(asked, context); },
      .quick = [&app](const http::RequestView& asked) { return app.at_once(asked); },
      .threads = settings.threads,
      .max_queue = settings.max_queue};
  listen.options.address = request.allow_all_ips ? "0.0.0.0" : request.host;
  set_ports(listen.options, request.port, ports);
  listen.watch = [&app](const http::Server& server) { app.watch(server.watcher()); };
  listen.abandon = [&folder] { folder.reset(); };
  listen.greet = [&](const std::string& url) {
    session.result({{"url", url}, {"datasets", datasets}, {"api", url + "apidoc"}},
                   fmt::format("Serving {} dataset{}\n  map  {}\n  API  {}apidoc\n"
                               "Stop with Ctrl-C.",
                               datasets, datasets == 1 ? "" : "s", url, url));
  };
  return run_server(listen, stop.token());
}

Run declare(CLI::App& app) {
  const auto options =
      options_of<Request>(app, "serve", {{"raster_pattern", "-r,--raster-pattern"}});
  const auto settings = options_of<maps::Settings>(
      app, "serve",
      {{"driver_path", "-d,--database,--driver-path"},
       {"driver_provider", "--database-provider,--driver-provider"},
       {"loglevel", ""}});
  return [options, settings](const Session& session) {
    const auto request = options->read<Request>();
    const Json flags = settings->given();
    if (flags.contains("driver_path") && !request.raster_pattern.empty())
      throw invalid("serve needs a database (-d) or a pattern of rasters (-r), not both");
    auto loaded = load_settings(session, flags);
    check(request, loaded);
    log::configure(log::level_from(loaded.debug ? "debug" : loaded.loglevel),
                   log::format_from(loaded.log_format));
    return serve(request, std::move(loaded), session);
  };
}

}  // namespace

extern const CommandKind command_serve;
constinit const CommandKind command_serve{
    "serve", "Serve a catalogue, or rasters that match a pattern, as maps.", declare};

}  // namespace terrazzo::app
