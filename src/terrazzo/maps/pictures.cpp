// Single band, RGB and computed pictures. Each is planned first (records, ranges, checks,
// the key that tells it from all others) and drawn only if nobody has it yet.

#include <algorithm>
#include <functional>

#include "terrazzo/base/stages.hpp"
#include "terrazzo/maps/drawing.hpp"
#include "terrazzo/raster/expression.hpp"

namespace terrazzo::maps {
namespace {

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

// A picture that is known but not drawn.
struct PicturePlan {
  std::string key{};  // all that it depends on
  std::function<Drawing(const Context&)> draw{};
  std::vector<Sighting> files{};  // as they were when it was made
};

PicturePlan empty_plan(const Maps::State& state, const PictureRequest& request,
                       const io::PictureFormat& format) {
  const TileSize size = state.size_of(request);
  return {fmt::format("empty|{}|{}x{}", format.name, size.rows, size.cols),
          [&state, &format, size](const Context&) {
            return Drawing{empty_picture(size, format, state)};
          }};
}

std::string settings_key(const Maps::State& state, const PictureRequest& request) {
  const Settings& s = state.settings;
  const TileSize size = state.size_of(request);
  return fmt::format("|{}x{}|{}|{}|{}", size.rows, size.cols, s.resampling_method,
                     s.reprojection_method, s.resampler);
}

bool all_meet(const std::vector<catalog::Record>& records,
              const PictureRequest& request) {
  return std::ranges::all_of(records, [&](const auto& r) { return meets(r, request); });
}

// Formats of values have a type and as many bands where there is nothing to see, too.
bool is_nothing(const std::vector<catalog::Record>& records,
                const PictureRequest& request, const io::PictureFormat& format) {
  return format.write == nullptr && !all_meet(records, request);
}

std::shared_ptr<const Tile> blank_tile(const Maps::State& state,
                                       const catalog::Record& record,
                                       const PictureRequest& request,
                                       const Context& context) {
  const auto file = state.raster(record, context);
  const auto band = static_cast<std::size_t>(file->band() - 1);
  const TileSize size = state.size_of(request);
  Image image{file->info().bands.at(band).type, 1, size.rows, size.cols};
  std::ranges::fill(image.valid(), std::uint8_t{0});
  return std::make_shared<const Tile>(Tile{std::move(image)});
}

using Tiles = std::vector<std::shared_ptr<const Tile>>;

// The same tile of every record. Nothing if one of them has nothing there; formats of
// values get blank ones. classes: nearest neighbour all the way.
std::optional<Tiles> read_tiles(const Maps::State& state,
                                const std::vector<catalog::Record>& records,
                                const PictureRequest& request, bool classes,
                                const io::PictureFormat& format, const Context& context) {
  Tiles tiles;
  for (const auto& record : records) {
    std::shared_ptr<const Tile> tile;
    if (meets(record, request)) tile = state.tile(record, request, classes, context);
    if (tile == nullptr || !tile->image) {
      if (format.write == nullptr) return std::nullopt;
      tile = blank_tile(state, record, request, context);
    }
    tiles.push_back(std::move(tile));
  }
  return tiles;
}

bool complete(const Tiles& tiles) {
  return std::ranges::all_of(tiles, [](const auto& tile) { return tile->complete(); });
}

// Formats of colours do not ask where they are.
Box place_of(const Maps::State& state, const std::vector<catalog::Record>& records,
             const PictureRequest& request, const io::PictureFormat& format,
             const Context& context) {
  if (format.write == nullptr || records.empty()) return {};
  return box_of(records.front(), *state.raster(records.front(), context), request);
}

// Of bands as they are.
auto drawing_of(const Maps::State& state, const PictureRequest& request,
                std::vector<catalog::Record> records, Look look,
                const io::PictureFormat& format) {
  return [&state, &format, request, records = std::move(records),
          look = std::move(look)](const Context& context) -> Drawing {
    const bool classes = look.classes.has_value();
    const auto tiles = read_tiles(state, records, request, classes, format, context);
    if (!tiles) return {empty_picture(state.size_of(request), format, state)};
    io::Values values{.box = place_of(state, records, request, format, context)};
    for (const auto& tile : *tiles) values.bands.push_back(&*tile->image);
    return {encoded(values, look, format, state, context), complete(*tiles)};
  };
}

std::vector<Sighting> files_of(const Maps::State& state,
                               const std::vector<catalog::Record>& records,
                               const Context& context) {
  std::vector<Sighting> files;
  files.reserve(records.size());
  for (const catalog::Record& record : records)
    files.push_back(state.look_at(record, context));
  return files;
}

PicturePlan plan(const Maps::State& state, const SinglebandRequest& request,
                 std::uint64_t catalogue, const Context& context) {
  if (request.explicit_colors && request.colormap)
    throw invalid("a picture has either a colormap or explicit colours, not both");
  const io::PictureFormat& format = format_of(request.format);
  Look look{.transform = request.color_transform,
            .colormap = request.colormap,
            .classes = request.explicit_colors};
  check_look(look, format);
  const std::vector records{state.record(request.keys, catalogue, context)};
  if (is_nothing(records, request, format)) return empty_plan(state, request, format);
  if (!look.classes) look.ranges = {range_of(request.stretch, *records.front().metadata)};
  PicturePlan result{.files = files_of(state, records, context)};
  result.key = picture_key("singleband", request) +
               describe_record(records.front(), result.files.front()) +
               settings_key(state, request) + describe_look(look, format, state);
  result.draw = drawing_of(state, request, records, std::move(look), format);
  return result;
}

// Records of values of the last key under the others.
std::vector<catalog::Record> last_key_records(const Maps::State& state,
                                              const catalog::Keys& keys,
                                              std::span<const std::string> values,
                                              std::uint64_t catalogue,
                                              const Context& context) {
  std::vector<catalog::Record> records;
  for (const std::string& value : values) {
    catalog::Keys all = keys;
    all.push_back(value);
    records.push_back(state.record(all, catalogue, context));
  }
  return records;
}

void check_key_count(const Maps::State& state, const catalog::Keys& keys) {
  if (keys.size() + 1 != state.catalog->key_names().size()) throw invalid("{}", few_keys);
}

PicturePlan plan(const Maps::State& state, const RgbRequest& request,
                 std::uint64_t catalogue, const Context& context) {
  check_key_count(state, request.keys);
  const io::PictureFormat& format = format_of(request.format);
  Look look{.transform = request.color_transform};
  check_look(look, format);
  const auto records =
      last_key_records(state, request.keys, request.bands, catalogue, context);
  if (is_nothing(records, request, format)) return empty_plan(state, request, format);
  PicturePlan result{.files = files_of(state, records, context)};
  result.key = picture_key("rgb", request) + settings_key(state, request);
  for (std::size_t i = 0; i < 3; ++i) {
    const Range range = range_of(request.stretches[i], *records[i].metadata);
    if (range.high < range.low)
      throw invalid("Upper stretch bound must be higher than lower bound");
    look.ranges.push_back(range);
    result.key += describe_record(records[i], result.files[i]);
  }
  result.key += describe_look(look, format, state);
  result.draw = drawing_of(state, request, records, std::move(look), format);
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
                     const Tiles& tiles, const Context& context) {
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

PicturePlan plan(const Maps::State& state, const ComputeRequest& request,
                 std::uint64_t catalogue, const Context& context) {
  const Range range{request.stretch[0], request.stretch[1]};
  if (!(range.high > range.low))
    throw invalid("Upper stretch bounds must be larger than lower bounds");
  check_key_count(state, request.keys);
  const io::PictureFormat& format = format_of(request.format);
  const Look look{.ranges = {range}, .in_one_step = true, .colormap = request.colormap};
  check_look(look, format);
  std::vector<std::string> values;
  for (const auto& [name, value] : request.operands) values.push_back(value);
  const auto records = last_key_records(state, request.keys, values, catalogue, context);
  if (is_nothing(records, request, format)) return empty_plan(state, request, format);

  const raster::Expression expression = checked_expression(state, request);
  PicturePlan result{.files = files_of(state, records, context)};
  result.key = picture_key("compute", request) + settings_key(state, request) +
               describe_look(look, format, state) +
               fmt::format("|{}", request.expression);
  std::size_t i = 0;
  for (const auto& [name, value] : request.operands) {
    result.key += fmt::format("|{}", name) + describe_record(records[i], result.files[i]);
    ++i;
  }
  result.draw = [&state, &format, request, records, expression,
                 look](const Context& patience) -> Drawing {
    const auto tiles = read_tiles(state, records, request, false, format, patience);
    if (!tiles) return {empty_picture(state.size_of(request), format, state)};
    const Image out = run_expression(expression, request, *tiles, patience);
    const Box place = place_of(state, records, request, format, patience);
    return {encoded({{&out}, place}, look, format, state, patience), complete(*tiles)};
  };
  return result;
}

class Kept : public KeptPicture {
 public:
  Kept(const Maps::State& state, std::string key, std::vector<Sighting> files,
       std::uint64_t catalogue)
      : state_(state),
        key_(std::move(key)),
        files_(std::move(files)),
        catalogue_(catalogue) {}

  const std::string& key() const noexcept { return key_; }

  Picture::Bytes bytes() const override {
    const auto drawing = state_.pictures.find(key_);
    return drawing ? Picture::Bytes{drawing, &drawing->bytes} : nullptr;
  }

  bool still_holds() const noexcept override {
    return state_.catalogue_watch.still_is(catalogue_) &&
           std::ranges::all_of(files_, &Sighting::still_holds);
  }

  std::size_t memory() const noexcept override {
    std::size_t bytes = sizeof *this + key_.capacity();
    for (const Sighting& file : files_)
      bytes += sizeof file + file.path.capacity() + file.generation.text.capacity();
    return bytes;
  }

  bool has_changed(const Context& context) const {
    return std::ranges::any_of(
        files_, [&](const Sighting& file) { return state_.has_changed(file, context); });
  }

 private:
  const Maps::State& state_;
  const std::string key_;
  const std::vector<Sighting> files_;
  const std::uint64_t catalogue_;
};

// A planned picture and the ways to its bytes.
class Planned : public Picture::Plan {
 public:
  using Draw = std::function<Drawing(const Context&)>;

  Planned(const Maps::State& state, Draw draw, std::shared_ptr<const Kept> kept)
      : state_(state), draw_(std::move(draw)), kept_(std::move(kept)) {}

  Picture::Drawn drawn(const Context& context) const override {
    bool is_hit = true;
    const auto draw = [&] {
      is_hit = false;
      const StageTimer timer{context.stages, Stage::draw};
      Drawing drawing = draw_(context);
      if (kept_->has_changed(context)) drawing.complete = false;
      state_.budget->note();
      return drawing;
    };
    const auto size = [](const Drawing& drawing) {
      return drawing.complete ? drawing.bytes.size() : never_kept;
    };
    const auto kept = state_.pictures.get_or_make(kept_->key(), draw, size, context);
    if (context.stages != nullptr) context.stages->is_hit = is_hit;
    return {Picture::Bytes{kept, &kept->bytes}, kept->complete};
  }

 private:
  const Maps::State& state_;
  const Draw draw_;
  const std::shared_ptr<const Kept> kept_;
};

template <class Request>
Picture picture(const Maps::State& state, const Request& request,
                const Context& context) {
  const StageTimer timer{context.stages, Stage::plan};
  const std::uint64_t catalogue = state.catalogue_watch.ask();
  PicturePlan planned = plan(state, request, catalogue, context);
  std::string etag =
      fmt::format("\"{}\"", digest(fmt::format("{}|{}", drawing_version, planned.key)));
  auto kept = std::make_shared<const Kept>(state, std::move(planned.key),
                                           std::move(planned.files), catalogue);
  auto drawn = std::make_shared<const Planned>(state, std::move(planned.draw), kept);
  return {std::move(etag), format_of(request.format).type, std::move(drawn),
          std::move(kept)};
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
