#pragma once
// Every setting of the server: the names of Terracotta where it has them (its TC_*
// variables and TOML keys work), ours beside them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/fields.hpp"

namespace terrazzo::maps {

struct Settings {
  std::string driver_path;
  std::optional<std::string> driver_provider;
  std::optional<std::string> sql_user;
  std::optional<std::string> sql_password;
  bool debug = false;
  std::string loglevel = "warning";
  std::string log_format = "plain";
  std::string resampler = "fast";
  std::uint64_t raster_cache_size = 513'802'240;
  std::optional<std::string> raster_disk_cache;
  std::uint64_t raster_disk_cache_size = 10'737'418'240;
  std::optional<std::string> raster_aws_access_key;
  std::optional<std::string> raster_aws_secret_key;
  std::optional<std::string> raster_aws_s3_endpoint;
  std::array<std::int64_t, 2> default_tile_size{256, 256};
  std::int64_t max_tile_size = 4096;
  std::array<std::int64_t, 2> lazy_loading_max_shape{1024, 1024};
  int png_compress_level = 1;
  int picture_quality = 80;
  int db_connection_timeout = 10;
  int remote_db_cache_ttl = 60;
  std::string resampling_method = "average";
  std::string reprojection_method = "linear";
  std::vector<std::string> allowed_origins_metadata{"*"};
  std::vector<std::string> allowed_origins_tiles{
      R"(http[s]?://(localhost|127\.0\.0\.1):*)"};
  std::int64_t max_post_metadata_keys = 100;
  std::int64_t max_expression_length = 10'000;
  double max_expression_cost = 4e9;
  double request_timeout = 30;
  std::int64_t max_body_bytes = 1 << 20;
  std::int64_t max_header_bytes = 64 << 10;
  std::int64_t max_connections = 10'000;
  double idle_timeout = 75;
  double drain_timeout = 20;
  int threads = 0;
  int max_queue = 0;
  std::string cache_control = "no-cache";

  void fields(auto& f) {
    picture_fields(f);
    server_fields(f);
  }

 private:
  void picture_fields(auto& f);
  void server_fields(auto& f);
};

// Throws invalid_input: settings that each may be, but not together; a cache_control that
// no header can hold.
void check(const Settings& settings);

inline const std::vector<std::string> resampling_names{"nearest", "linear", "cubic",
                                                       "average"};

void Settings::picture_fields(auto& f) {
  f("driver_path", driver_path, "The catalogue: a path or URL of its database.");
  f("driver_provider", driver_provider,
    "The kind of catalogue, if its URL does not tell.");
  f("sql_user", sql_user, "The user of the database, if its URL names none.");
  f("sql_password", sql_password, "The password of sql_user.", secret());
  f("debug", debug, "Log every request with its stages.");
  f("loglevel", loglevel, "Least severity that is logged.",
    one_of({"debug", "info", "warning", "error", "critical"}));
  f("log_format", log_format, "One line of text or of JSON for each event.",
    one_of({"plain", "json"}));
  f("resampler", resampler,
    "How pixels are resampled: fast reads GeoTIFFs without GDAL, right to an eighth of a "
    "pixel; exact gives the same values as Terracotta and GDAL.",
    one_of({"fast", "exact"}));
  f("raster_cache_size", raster_cache_size,
    "Bytes of rasters and tiles kept in memory; 0 keeps none.");
  f("raster_disk_cache", raster_disk_cache,
    "A folder for bytes of rasters on S3 and web servers, which outlive the server "
    "there; "
    "several may share it. Needs the fast resampler. None if absent.");
  f("raster_disk_cache_size", raster_disk_cache_size, "Most bytes in that folder.",
    at_least(16 << 20));
  f("raster_aws_access_key", raster_aws_access_key,
    "Access key for rasters at raster_aws_s3_endpoint.", secret());
  f("raster_aws_secret_key", raster_aws_secret_key,
    "Secret key for rasters at raster_aws_s3_endpoint.", secret());
  f("raster_aws_s3_endpoint", raster_aws_s3_endpoint,
    "Host and port of the S3 server that s3:// rasters are on, spoken to by plain HTTP "
    "with the bucket in the path; Amazon's if absent.");
  f("default_tile_size", default_tile_size,
    "Rows and columns of a tile if none are asked for.", within(1, 65536));
  f("max_tile_size", max_tile_size,
    "Most rows or columns of a tile that may be asked for.", within(1, 65536));
  f("lazy_loading_max_shape", lazy_loading_max_shape,
    "Most rows and columns read for metadata that is computed on first request.",
    at_least(0));
  f("png_compress_level", png_compress_level, "Deflate level of PNG pictures.",
    within(0, 9));
  f("picture_quality", picture_quality,
    "Quality of JPEG and WebP pictures; WebP of 100 is lossless.", within(1, 100));
  f("db_connection_timeout", db_connection_timeout,
    "Seconds a locked or silent database is waited for.", at_least(0));
  f("remote_db_cache_ttl", remote_db_cache_ttl,
    "Seconds for which a copy of a catalogue on S3 or a web server is believed in.",
    at_least(0));
  f("resampling_method", resampling_method, "How pixels are made fewer.",
    one_of(resampling_names));
  f("reprojection_method", reprojection_method, "How pixels go from grid to grid.",
    one_of(resampling_names));
  f("allowed_origins_metadata", allowed_origins_metadata,
    "Origins whose pages may read keys, datasets, metadata and colour maps (CORS).");
  f("allowed_origins_tiles", allowed_origins_tiles,
    "Origins whose pages may read tiles (CORS).");
}

void Settings::server_fields(auto& f) {
  f("max_post_metadata_keys", max_post_metadata_keys,
    "Most datasets in one POST of metadata.", at_least(1));
  f("max_expression_length", max_expression_length, "Most characters of an expression.",
    at_least(1));
  f("max_expression_cost", max_expression_cost,
    "Most pixel operations that one expression may need.", at_least(1));
  f("request_timeout", request_timeout, "Seconds one request may take.", at_least(0.001));
  f("max_body_bytes", max_body_bytes, "Most bytes in the body of a request.",
    at_least(1));
  f("max_header_bytes", max_header_bytes,
    "Most bytes in the head of a request, its URL included.", at_least(256));
  f("max_connections", max_connections,
    "Most connections at once; more are answered 503 and closed.", within(1, 1'000'000));
  f("idle_timeout", idle_timeout, "Seconds an idle connection is kept open.",
    at_least(0.1));
  f("drain_timeout", drain_timeout,
    "Seconds running requests may still take after SIGTERM.", at_least(0));
  f("threads", threads, "Threads that compute; 0 is one per processor.", within(0, 1024));
  f("max_queue", max_queue, "Requests that may wait for a thread before 503; 0 is 4096.",
    within(0, 1'000'000));
  f("cache_control", cache_control, "The Cache-Control header of tiles.");
}

}  // namespace terrazzo::maps
