// Single band, RGB and computed pictures. Each is planned first (records, ranges, checks,
// the key that tells it from all others) and drawn only if nobody has it yet.

#include <algorithm>
#include <functional>

#include "terrazzo/io/png.hpp"
#include "terrazzo/maps/state.hpp"
#include "terrazzo/raster/color_transform.hpp"
#include "terrazzo/raster/expression.hpp"
#include "terrazzo/raster/label.hpp"
#include "terrazzo/raster/stretch.hpp"

namespace terrazzo::maps {
namespace {

using Bytes = std::vector<std::uint8_t>;
using raster::Range;

// Raised whenever the same request gives other bytes than before: clients keep pictures.
constexpr int drawing_version = 2;

constexpr std::string_view few_keys = "must specify all keys except last one";

double bound_value(const Bound& bound, double own, const catalog::Metadata& metadata) {
  if (const auto* number = std::get_if<double>(&bound)) return *number;
  if (const auto* percentile = std::get_if<Percentile>(&bound)) {
    if (percentile->number >= metadata.percentiles.size())
      throw invalid("Invalid percentile, out of range: p{}", percentile->number);
    return metadata.percentiles[percentile->number];
  }
  return own;
}

Range range_of(const Stretch& stretch, const catalog::Metadata& metadata) {
  return {bound_value(stretch[0], metadata.low, metadata),
          bound_value(stretch[1], metadata.high, metadata)};
}

const raster::ColorTable& table_of(const raster::Colormaps& colormaps,
                                   const std::string& name) {
  const raster::ColorTable* table = colormaps.find(name);
  if (table == nullptr) throw invalid("Encountered invalid color map {}", name);
  return *table;
}

// 256 colours, the first transparent.
std::vector<Color> palette_of(std::span<const Color> colors) {
  std::vector<Color> palette(256, Color{0, 0, 0, 0});
  std::ranges::copy(colors, palette.begin() + 1);
  return palette;
}

std::string grey_or_palette(const Bytes& bytes, const TileSize& size,
                            const std::optional<std::string>& colormap,
                            const Maps::State& state) {
  const int level = state.settings.png_compress_level;
  if (!colormap) return io::png_grey(bytes, size.rows, size.cols, level);
  return io::png_palette(bytes, size.rows, size.cols,
                         palette_of(table_of(state.colormaps, *colormap)), level);
}

// A picture that is known but not drawn.
struct Plan {
  std::string key;  // all that it depends on
  std::function<Drawing(const Context&)> draw;
};

std::string empty_key(const Settings& settings) {
  return fmt::format("empty|{}x{}", settings.default_tile_size[0],
                     settings.default_tile_size[1]);
}

// The empty picture keeps the default size, whatever was asked for, and takes the rows of
// that size for its width: as Terracotta does.
std::string empty_picture(const Settings& settings) {
  const auto [width, height] = settings.default_tile_size;
  return io::png_empty(static_cast<std::size_t>(height), static_cast<std::size_t>(width));
}

Plan empty_plan(const Maps::State& state) {
  return {empty_key(state.settings), [](const Context&) { return Drawing{}; }};
}

std::string settings_key(const Maps::State& state, const PictureRequest& request) {
  const Settings& s = state.settings;
  const TileSize size = state.size_of(request);
  return fmt::format("|{}x{}|{}|{}|{}|{}", size.rows, size.cols, s.png_compress_level,
                     s.resampling_method, s.reprojection_method, s.resampler);
}

std::string colormap_key(const Maps::State& state,
                         const std::optional<std::string>& name) {
  if (!name) return "|grey";
  const raster::ColorTable* table = state.colormaps.find(*name);
  if (table == nullptr) return fmt::format("|no {}", *name);  // drawing it will say so
  const std::string_view bytes{reinterpret_cast<const char*>(table->data()),
                               sizeof(*table)};
  return fmt::format("|{}:{}", *name, digest(bytes));
}

std::string explicit_key(const ExplicitColors& colors) {
  std::string key = "|explicit";
  for (const auto& [value, c] : colors)
    key += fmt::format(",{}:{}.{}.{}.{}", value, c.r, c.g, c.b, c.a);
  return key;
}

std::string draw_classes(const Image& image, const ExplicitColors& classes,
                         const TileSize& size, int level) {
  std::vector<double> values;
  std::vector<Color> colors;
  for (const auto& [value, color] : classes) {
    values.push_back(value);
    colors.push_back(color);
  }
  Bytes bytes(image.pixels());
  raster::label(image, 0, values, bytes);
  return io::png_palette(bytes, size.rows, size.cols, palette_of(colors), level);
}

Bytes draw_band(const Image& image, Range range,
                const std::optional<std::string>& transform, const Context& context) {
  Bytes bytes(image.pixels());
  if (!transform) {
    raster::stretch(image, 0, range, bytes);
    return bytes;
  }
  std::vector<double> scaled(image.pixels());
  raster::scale(image, 0, range, scaled);
  const std::array bands{std::span{scaled}};
  raster::ColorTransform::parse(*transform, 1).apply(bands, context);
  raster::to_bytes(scaled, image.valid(), bytes);
  return bytes;
}

Plan plan(const Maps::State& state, const SinglebandRequest& request,
          const Context& context) {
  if (request.explicit_colors && request.colormap)
    throw invalid("a picture has either a colormap or explicit colours, not both");
  const auto record = state.record(request.keys, context);
  if (!meets(record, request)) return empty_plan(state);
  const bool classes = request.explicit_colors.has_value();
  const Range range = classes ? Range{} : range_of(request.stretch, *record.metadata);
  Plan result;
  result.key = picture_key("singleband", request) + describe_record(record) +
               settings_key(state, request) +
               fmt::format("|{},{}", range.low, range.high) +
               (classes ? explicit_key(*request.explicit_colors)
                        : colormap_key(state, request.colormap)) +
               fmt::format("|{}", request.color_transform.value_or("-"));
  result.draw = [&state, request, record, range,
                 classes](const Context& patience) -> Drawing {
    const auto tile = state.tile(record, request, classes, patience);
    if (!tile->image) return {};
    const TileSize size = state.size_of(request);
    if (classes)
      return {draw_classes(*tile->image, *request.explicit_colors, size,
                           state.settings.png_compress_level),
              tile->holes == 0};
    const Bytes bytes = draw_band(*tile->image, range, request.color_transform, patience);
    return {grey_or_palette(bytes, size, request.colormap, state), tile->holes == 0};
  };
  return result;
}

// Records of values of the last key under the others.
std::vector<catalog::Record> last_key_records(const Maps::State& state,
                                              const catalog::Keys& keys,
                                              std::span<const std::string> values,
                                              const Context& context) {
  std::vector<catalog::Record> records;
  for (const std::string& value : values) {
    catalog::Keys all = keys;
    all.push_back(value);
    records.push_back(state.record(all, context));
  }
  return records;
}

void check_key_count(const Maps::State& state, const catalog::Keys& keys) {
  if (keys.size() + 1 != state.catalog->key_names().size()) throw invalid("{}", few_keys);
}

bool all_meet(const std::vector<catalog::Record>& records,
              const PictureRequest& request) {
  return std::ranges::all_of(records, [&](const auto& r) { return meets(r, request); });
}

using Tiles = std::vector<std::shared_ptr<const Tile>>;

bool complete(const Tiles& tiles) {
  return std::ranges::all_of(tiles, [](const auto& tile) { return tile->holes == 0; });
}

// The same tile of every record; empty if one of them has nothing there.
Tiles read_tiles(const Maps::State& state, const std::vector<catalog::Record>& records,
                 const PictureRequest& request, const Context& context) {
  Tiles tiles;
  for (const auto& record : records) {
    tiles.push_back(state.tile(record, request, false, context));
    if (!tiles.back()->image) return {};
  }
  return tiles;
}

std::array<Bytes, 3> draw_rgb(std::span<const std::shared_ptr<const Tile>> tiles,
                              std::span<const Range> ranges,
                              const std::optional<std::string>& transform,
                              const Context& context) {
  std::array<Bytes, 3> bytes;
  if (!transform) {
    for (std::size_t i = 0; i < 3; ++i)
      bytes[i] = draw_band(*tiles[i]->image, ranges[i], {}, context);
    return bytes;
  }
  std::array<std::vector<double>, 3> scaled;
  for (std::size_t i = 0; i < 3; ++i) {
    const Image& image = *tiles[i]->image;
    scaled[i].resize(image.pixels());
    raster::scale(image, 0, ranges[i], scaled[i]);
  }
  const std::array bands{std::span{scaled[0]}, std::span{scaled[1]},
                         std::span{scaled[2]}};
  raster::ColorTransform::parse(*transform, 3).apply(bands, context);
  for (std::size_t i = 0; i < 3; ++i) {
    bytes[i].resize(scaled[i].size());
    raster::to_bytes(scaled[i], tiles[i]->image->valid(), bytes[i]);
  }
  return bytes;
}

Plan plan(const Maps::State& state, const RgbRequest& request, const Context& context) {
  check_key_count(state, request.keys);
  const auto records = last_key_records(state, request.keys, request.bands, context);
  if (!all_meet(records, request)) return empty_plan(state);
  Plan result;
  result.key = picture_key("rgb", request) + settings_key(state, request) +
               fmt::format("|{}", request.color_transform.value_or("-"));
  std::array<Range, 3> ranges;
  for (std::size_t i = 0; i < 3; ++i) {
    ranges[i] = range_of(request.stretches[i], *records[i].metadata);
    if (ranges[i].high < ranges[i].low)
      throw invalid("Upper stretch bound must be higher than lower bound");
    result.key += describe_record(records[i]) +
                  fmt::format("|{},{}", ranges[i].low, ranges[i].high);
  }
  result.draw = [&state, request, records, ranges](const Context& patience) -> Drawing {
    const auto tiles = read_tiles(state, records, request, patience);
    if (tiles.empty()) return {};
    const auto bytes = draw_rgb(tiles, ranges, request.color_transform, patience);
    const TileSize size = state.size_of(request);
    return {io::png_rgb(bytes[0], bytes[1], bytes[2], size.rows, size.cols,
                        state.settings.png_compress_level),
            complete(tiles)};
  };
  return result;
}

raster::Expression checked_expression(const Maps::State& state,
                                      const ComputeRequest& request) {
  const Settings& settings = state.settings;
  const std::string& text = request.expression;
  if (text.size() > static_cast<std::size_t>(settings.max_expression_length))
    throw invalid(
        "error while executing expression: it has {} characters; at most {} are allowed",
        text.size(), settings.max_expression_length);
  const auto expression = [&] {
    try {
      raster::Expression parsed = raster::Expression::parse(text);
      parsed.check(
          [&](const std::string& name) { return request.operands.contains(name); });
      return parsed;
    } catch (const Error& e) {
      throw invalid("error while executing expression: {}", e.message());
    }
  }();
  const TileSize size = state.size_of(request);
  const double cost = expression.cost_per_pixel() * static_cast<double>(size.rows) *
                      static_cast<double>(size.cols);
  if (cost > settings.max_expression_cost)
    throw invalid(
        "error while executing expression: it needs {:.3g} operations for this picture; "
        "at most {:.3g} are allowed",
        cost, settings.max_expression_cost);
  return expression;
}

Image run_expression(const raster::Expression& expression, const ComputeRequest& request,
                     std::span<const std::shared_ptr<const Tile>> tiles,
                     const Context& context) {
  std::map<std::string, const Image*, std::less<>> operands;
  std::size_t i = 0;
  for (const auto& [name, value] : request.operands) operands[name] = &*tiles[i++]->image;
  try {
    return expression.run(operands, context);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input) throw;
    throw invalid("error while executing expression: {}", e.message());
  }
}

Plan plan(const Maps::State& state, const ComputeRequest& request,
          const Context& context) {
  const Range range{request.stretch[0], request.stretch[1]};
  if (!(range.high > range.low))
    throw invalid("Upper stretch bounds must be larger than lower bounds");
  check_key_count(state, request.keys);
  std::vector<std::string> values;
  for (const auto& [name, value] : request.operands) values.push_back(value);
  const auto records = last_key_records(state, request.keys, values, context);
  if (!all_meet(records, request)) return empty_plan(state);

  const raster::Expression expression = checked_expression(state, request);
  Plan result;
  result.key = picture_key("compute", request) + settings_key(state, request) +
               colormap_key(state, request.colormap) +
               fmt::format("|{},{}|{}", range.low, range.high, request.expression);
  std::size_t i = 0;
  for (const auto& [name, value] : request.operands)
    result.key += fmt::format("|{}", name) + describe_record(records[i++]);
  result.draw = [&state, request, records, expression,
                 range](const Context& patience) -> Drawing {
    const auto tiles = read_tiles(state, records, request, patience);
    if (tiles.empty() && !records.empty()) return {};
    const Image out = run_expression(expression, request, tiles, patience);
    Bytes bytes(out.pixels());
    raster::stretch_once(out, 0, range, bytes);
    return {grey_or_palette(bytes, state.size_of(request), request.colormap, state),
            complete(tiles)};
  };
  return result;
}

template <class Request>
Picture picture(const Maps::State& state, const Request& request,
                const Context& context) {
  Plan planned = plan(state, request, context);
  std::string etag =
      fmt::format("\"{}\"", digest(fmt::format("{}|{}", drawing_version, planned.key)));
  const auto make = [&state, planned = std::move(planned)](const Context& patience) {
    const auto draw = [&] {
      Drawing drawing = planned.draw(patience);
      if (drawing.bytes.empty()) drawing.bytes = empty_picture(state.settings);
      return drawing;
    };
    const auto size = [](const Drawing& drawing) {
      return drawing.complete ? drawing.bytes.size() : never_kept;
    };
    const auto kept = state.pictures.get_or_make(planned.key, draw, size, patience);
    return Picture::Drawn{Picture::Bytes{kept, &kept->bytes}, kept->complete};
  };
  return {std::move(etag), make};
}

}  // namespace

Picture Maps::singleband(const SinglebandRequest& request, const Context& context) const {
  return picture(*state_, request, context);
}

Picture Maps::rgb(const RgbRequest& request, const Context& context) const {
  return picture(*state_, request, context);
}

Picture Maps::compute(const ComputeRequest& request, const Context& context) const {
  return picture(*state_, request, context);
}

}  // namespace terrazzo::maps
