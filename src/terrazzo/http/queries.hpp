#pragma once
// The query parameters of every route: names, types, rules, sentences.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/http/query.hpp"
#include "terrazzo/maps/requests.hpp"

namespace terrazzo::http {

inline const std::vector<std::string> metadata_columns{
    "bounds", "convex_hull", "valid_percentage", "range",
    "mean",   "stdev",       "percentiles",      "metadata"};

inline constexpr std::int64_t most_datasets = 100'000;  // in one answer

// Names that are not parameters are keys to filter by.
struct DatasetsQuery {
  static constexpr Unknown unknown = Unknown::keep;
  std::int64_t limit = 100;
  std::int64_t page = 0;
  Pairs rest{};

  void fields(auto& f) {
    f("limit", limit, "Most datasets in the answer; at most 100000.",
      Rules{.at_least = 0});
    f("page", page, "Which page of `limit` datasets, from 0.", Rules{.at_least = 0});
  }
};

struct MetadataQuery {
  static constexpr Unknown unknown = Unknown::refuse;
  std::optional<std::vector<std::string>> columns{};

  void fields(auto& f) {
    f("columns", columns, "Which members to answer besides `keys`; all if absent.",
      Rules{.min_length = 1,
            .one_of = metadata_columns,
            .example = R"(["range","bounds"])"});
  }
};

// The body of POST /metadata.
struct MetadataBody {
  static constexpr Unknown unknown = Unknown::refuse;
  std::vector<std::vector<std::string>> keys{};

  void fields(auto& f) {
    f("keys", keys, "Key values of each dataset, in the order of the keys.",
      Rules{.required = true});
  }
};

struct ColormapQuery {
  std::array<double, 2> stretch_range{};
  std::optional<std::string> colormap{};
  std::int64_t num_values = 255;

  void fields(auto& f) {
    f("stretch_range", stretch_range, "Values of the first and the last colour.",
      Rules{.required = true, .example = "[0,1]"});
    f("colormap", colormap, "Name of the colour map; grey if absent.",
      Rules{.check = check_colormap, .example = "viridis"});
    f("num_values", num_values, "Number of values.",
      Rules{.at_least = 0, .at_most = 65536});
  }
};

inline constexpr std::string_view stretch_sentence =
    "Values that become the first and the last colour: numbers, \"pN\" for the element N "
    "of the dataset's percentiles, or null for its minimum or maximum.";
inline constexpr std::string_view tile_size_sentence =
    "Rows and columns of the picture; the server's default if absent.";

struct SinglebandQuery {
  static constexpr bool quotes_text = true;
  std::optional<maps::Stretch> stretch_range{};
  std::optional<std::string> colormap{};
  std::optional<std::array<TileSide, 2>> tile_size{};
  std::optional<maps::ExplicitColors> explicit_color_map{};
  std::optional<std::string> color_transform{};

  void fields(auto& f) {
    f("stretch_range", stretch_range, stretch_sentence,
      Rules{.may_be_null = true, .example = R"(["p2","p98"])"});
    f("colormap", colormap, "Name of the colour map; grey if absent.",
      Rules{.check = check_colormap_or_explicit, .example = "viridis"});
    f("tile_size", tile_size, tile_size_sentence, Rules{.example = "[256,256]"});
    f("explicit_color_map", explicit_color_map,
      "Colour of each value, as \"rrggbb\", [r,g,b] or [r,g,b,a]; other values are "
      "transparent. Only with colormap=explicit.",
      Rules{.example = R"({"0":"99d594","1":[255,255,191]})"});
    f("color_transform", color_transform,
      "Operations on the stretched values: gamma, sigmoidal; the band is 1.",
      Rules{.check = check_color_transform_1,
            .example = "gamma 1 1.5, sigmoidal 1 15 0.5"});
  }

  void check(Faults& faults) const {
    const bool is_explicit = colormap == "explicit";
    const bool has_colors = explicit_color_map && !explicit_color_map->empty();
    if (is_explicit && !has_colors)
      faults.add("colormap",
                 Faults::list_of(
                     "explicit_color_map argument must be given for colormap=explicit"));
    if (has_colors && !is_explicit)
      faults.add(
          "explicit_color_map",
          Faults::list_of("explicit_color_map can only be given for colormap=explicit"));
  }
};

struct RgbQuery {
  std::string r{};
  std::string g{};
  std::string b{};
  std::optional<maps::Stretch> r_range{};
  std::optional<maps::Stretch> g_range{};
  std::optional<maps::Stretch> b_range{};
  std::optional<std::array<TileSide, 2>> tile_size{};
  std::optional<std::string> color_transform{};

  void fields(auto& f) {
    f("r", r, "Value of the last key for red.", Rules{.required = true});
    f("g", g, "Value of the last key for green.", Rules{.required = true});
    f("b", b, "Value of the last key for blue.", Rules{.required = true});
    const Rules range{.may_be_null = true, .example = R"(["p2","p98"])"};
    f("r_range", r_range, stretch_sentence, range);
    f("g_range", g_range, stretch_sentence, range);
    f("b_range", b_range, stretch_sentence, range);
    f("tile_size", tile_size, tile_size_sentence, Rules{.example = "[256,256]"});
    f("color_transform", color_transform,
      "Operations on the stretched values: gamma, sigmoidal, saturation.",
      Rules{.check = check_color_transform_3,
            .example = "gamma rgb 1.5, saturation 1.2"});
  }
};

struct ComputeQuery {
  static constexpr bool quotes_text = true;
  std::string expression{};
  std::array<double, 2> stretch_range{};
  std::optional<std::string> colormap{};
  std::optional<std::array<TileSide, 2>> tile_size{};
  std::array<std::optional<std::string>, 5> operands{};

  void fields(auto& f) {
    f("expression", expression, "What to compute of v1 to v5, in Python's notation.",
      Rules{.required = true, .example = "(v1 - v2) / (v1 + v2)"});
    f("stretch_range", stretch_range, "Values that become the first and the last colour.",
      Rules{.required = true, .example = "[-1,1]"});
    f("colormap", colormap, "Name of the colour map; grey if absent.",
      Rules{.check = check_colormap_or_explicit, .example = "rdylgn"});
    f("tile_size", tile_size, tile_size_sentence, Rules{.example = "[256,256]"});
    static constexpr std::array names{"v1", "v2", "v3", "v4", "v5"};
    for (std::size_t i = 0; i < operands.size(); ++i)
      f(names[i], operands[i], "Value of the last key for this name.", Rules{});
  }
};

// Names that are not parameters are keys to filter by.
struct SearchQuery {
  static constexpr Unknown unknown = Unknown::keep;
  std::string q{};
  std::int64_t page = 0;
  std::int64_t limit = 25;
  std::optional<Box> bbox{};
  std::string sort = "keys";
  Pairs rest{};

  void fields(auto& f) {
    f("q", q, "Words that key values hold; `key:value` filters by one key.",
      Rules{.example = "S2 band:B04"});
    f("page", page, "Which page of `limit` datasets, from 0.", Rules{.at_least = 0});
    f("limit", limit, "Most datasets in the answer.",
      Rules{.at_least = 0, .at_most = 1000});
    f("bbox", bbox, "west,south,east,north in degrees that datasets must meet.",
      Rules{.example = "13.4,52.4,13.8,52.7"});
    f("sort", sort,
      "Order of the datasets: by keys, or the latest value of the time key first.",
      Rules{.one_of = {"keys", "newest"}});
  }
};

struct HistogramQuery {
  std::int64_t bins = 64;

  void fields(auto& f) {
    f("bins", bins, "Number of equal steps over the dataset's range.",
      Rules{.at_least = 1, .at_most = 4096});
  }
};

struct PointQuery {
  double lon = 0;
  double lat = 0;

  void fields(auto& f) {
    f("lon", lon, "Longitude in degrees.",
      Rules{.required = true, .at_least = -180, .at_most = 180, .example = "13.4"});
    f("lat", lat, "Latitude in degrees.",
      Rules{.required = true, .at_least = -90, .at_most = 90, .example = "52.5"});
  }
};

struct NoQuery {
  void fields(auto& /*f*/) {}
};

}  // namespace terrazzo::http
