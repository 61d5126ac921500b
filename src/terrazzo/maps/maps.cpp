#include "terrazzo/maps/maps.hpp"

#include <chrono>
#include <span>

#include "terrazzo/base/stages.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/maps/state.hpp"

namespace terrazzo::maps {
namespace {

// How a budget is shared out at the beginning, beside what openers keep; then shares go
// where they save most.
constexpr double picture_weight = 3;
constexpr double tile_weight = 1.5;
constexpr double record_weight = 0.25;

// How large caches are taken to be when it is decided how many locks they have.
std::size_t usual_share(const Budget& budget) { return budget.max_bytes() / 8; }

std::size_t bytes_of(const catalog::Record& record) {
  std::size_t bytes = sizeof(record) + record.path.size();
  if (!record.metadata) return bytes;
  for (const Ring& ring : record.metadata->convex_hull.rings)
    bytes += ring.size() * sizeof(Point);
  return bytes + record.metadata->user.dump().size();
}

std::string key_list(const catalog::Keys& keys) {
  return fmt::format("{}", fmt::join(keys, "/"));
}

Error missing_file(const catalog::Record& record) {
  return failure(ErrorKind::unavailable, "the raster file of dataset {} is missing",
                 key_list(record.keys));
}

// By the first opener that can tell, else as freshness.hpp can.
Sighting sighting_by(std::span<const std::unique_ptr<io::RasterOpener>> openers,
                     const std::string& uri, const Context& context) {
  Sighting seen = look_at(uri);
  if (io::local_path(uri)) return seen;
  for (const auto& opener : openers) {
    seen.generation = opener->generation(uri, context);
    if (seen.generation.text.empty()) continue;
    seen.minute = 0;
    break;
  }
  return seen;
}

// For metadata that a request needs. Longer than a request may take, and whoever asked
// may have gone: what is stored is there for the next one, which would else begin anew.
constexpr auto lazy_time = std::chrono::minutes{10};

std::array<std::size_t, 2> lazy_shape(const Settings& settings) {
  const auto [rows, cols] = settings.lazy_loading_max_shape;
  return {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)};
}

}  // namespace

// Neither a file that is not there, nor one that is replaced while it is read, nor a
// server that is mute is a mistake of whoever asked.
void rethrow_for(const catalog::Record& record, Error& error, const Context& context) {
  using enum ErrorKind;
  const ErrorKind kind = error.kind();
  const bool is_mute = kind == timeout && !context.has_ended();
  if (kind != not_found && kind != conflict && !is_mute) {
    error.note("reading {}", record.path);
    throw;
  }
  Error told = kind == not_found ? missing_file(record)
                                 : failure(unavailable, "{}", error.message());
  told.note("reading {}: {}", record.path, error.what());
  throw told;
}

io::Resampling resampling_of(std::string_view name) {
  if (name == "nearest") return io::Resampling::nearest;
  if (name == "linear") return io::Resampling::linear;
  if (name == "cubic") return io::Resampling::cubic;
  if (name == "average") return io::Resampling::average;
  throw invalid("no resampling method is called '{}'; there are: {}", name,
                fmt::join(resampling_names, ", "));
}

bool meets(const catalog::Record& record, const PictureRequest& request) {
  if (!request.tile) return true;
  const Box box = mercator_box(*request.tile);  // empty where doubles end
  return box.width() > 0 && box.height() > 0 &&
         tile_meets(*request.tile, record.metadata->bounds);
}

std::string picture_key(std::string_view what, const PictureRequest& request) {
  std::string key{what};
  if (request.tile)
    key += fmt::format("|{}/{}/{}", request.tile->z, request.tile->x, request.tile->y);
  else
    key += "|preview";
  if (request.size) key += fmt::format("|{}x{}", request.size->rows, request.size->cols);
  return key;
}

std::string describe_record(const catalog::Record& record, const Sighting& seen) {
  std::string text = fmt::format("|{}#{}@{}", record.path, record.band, seen.text());
  if (record.metadata) {
    const catalog::Metadata& m = *record.metadata;
    text += fmt::format("|{},{},{},{}", m.bounds.west, m.bounds.south, m.bounds.east,
                        m.bounds.north);
  }
  return text;
}

Maps::State::State(Settings s, std::unique_ptr<catalog::Catalog> c,
                   std::vector<std::unique_ptr<io::RasterOpener>> o,
                   raster::Colormaps maps, std::shared_ptr<Budget> b)
    : settings(std::move(s)),
      catalog(std::move(c)),
      openers(std::move(o)),
      colormaps(std::move(maps)),
      catalogue_watch(*catalog),
      budget(b ? std::move(b) : Budget::of(settings.raster_cache_size)),
      tiles(usual_share(*budget)),
      pictures(usual_share(*budget)),
      described(0),
      records(usual_share(*budget)) {
  seats.push_back(budget->add("tiles", tile_weight, tiles));
  seats.push_back(budget->add("pictures", picture_weight, pictures));
  seats.push_back(budget->add("records", record_weight, records));
}

catalog::Record Maps::State::stored(const catalog::Keys& keys) const {
  auto found = catalog->get(keys);
  if (!found) throw failure(ErrorKind::not_found, "No dataset found");
  return std::move(*found);
}

catalog::Record Maps::State::record(const catalog::Keys& keys, std::uint64_t counter,
                                    const Context& context) const {
  context.check();
  const auto key = fmt::format("{}\x1f{}", counter, fmt::join(keys, "\x1f"));
  if (const auto kept = records.find(key)) return *kept;
  catalog::Record found = stored(keys);
  if (found.metadata) return *records.get_or_make(key, [&] { return found; }, bytes_of);
  if (!catalog->writable())
    throw failure(ErrorKind::denied, "Lazy loading requires a writable database");
  const auto compute = [&] {
    catalog::Record described_record = stored(keys);
    if (described_record.metadata) return described_record;
    const Context patience{.deadline = Context::Clock::now() + lazy_time};
    const auto file = raster(described_record, patience);
    described_record.metadata = reading(described_record, patience, [&] {
      return catalog::describe(*file, {.max_shape = lazy_shape(settings)}, patience);
    });
    // If the record has changed meanwhile, what was computed is only good for this call.
    catalog->store_metadata(keys, described_record.path, described_record.band,
                            *described_record.metadata);
    return described_record;
  };
  const auto size = [](const catalog::Record&) { return sizeof(catalog::Record); };
  return *described.get_or_make(fmt::format("{}", fmt::join(keys, "\x1f")), compute, size,
                                context);
}

std::shared_ptr<const io::Raster> Maps::State::raster(const catalog::Record& record,
                                                      const Context& context) const {
  // What one finds damaged another may still read: programs write odd files.
  const auto others_may = [](ErrorKind kind) {
    return kind == ErrorKind::unsupported || kind == ErrorKind::corrupt_data;
  };
  for (const auto& opener : openers) {
    try {
      return opener->open(record.path, record.band, context);
    } catch (Error& e) {
      if (others_may(e.kind()) && opener != openers.back()) continue;
      rethrow_for(record, e, context);
    }
  }
  throw failure(ErrorKind::unsupported, "nothing can read the raster file of dataset {}",
                key_list(record.keys));
}

Sighting Maps::State::look_at(const catalog::Record& record,
                              const Context& context) const {
  return reading(record, context,
                 [&] { return sighting_by(openers, record.path, context); });
}

bool Maps::State::has_changed(const Sighting& seen, const Context& context) const {
  if (seen.minute != 0) return false;  // it is another one soon, whatever happens
  try {
    return sighting_by(openers, seen.path, context).text() != seen.text();
  } catch (const Error&) {
    return true;
  }
}

TileSize Maps::State::size_of(const PictureRequest& request) const {
  if (request.size) return *request.size;
  const auto [rows, cols] = settings.default_tile_size;
  return {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)};
}

Box box_of(const catalog::Record& record, const io::Raster& file,
           const PictureRequest& request) {
  if (request.tile) return mercator_box(*request.tile);
  const io::RasterInfo& info = file.info();
  if (!info.crs)
    throw failure(ErrorKind::unsupported,
                  "the raster file of dataset {} is not georeferenced",
                  key_list(record.keys));
  return Transform{*info.crs,
                   Crs::web_mercator()}(bounds_of(info.affine, info.rows, info.cols));
}

std::shared_ptr<const Tile> Maps::State::tile(const catalog::Record& record,
                                              const PictureRequest& request,
                                              bool keep_values,
                                              const Context& context) const {
  const TileSize size = size_of(request);
  const Sighting seen = look_at(record, context);
  const auto key = fmt::format("{}|{}x{}|{}|{}", picture_key("tile", request), size.rows,
                               size.cols, keep_values, describe_record(record, seen));
  const auto read = [&]() -> Tile {
    const StageTimer timer{context.stages, Stage::warp};
    const auto file = raster(record, context);
    Tile tile;
    io::WarpedRead warp{.rows = size.rows, .cols = size.cols, .holes = &tile.holes};
    warp.box = box_of(record, *file, request);
    const auto nearest = io::Resampling::nearest;
    warp.resampling = keep_values ? nearest : resampling_of(settings.resampling_method);
    warp.reprojection =
        keep_values ? nearest : resampling_of(settings.reprojection_method);
    tile.image =
        reading(record, context, [&] { return file->read_warped(warp, context); });
    tile.is_torn = has_changed(seen, context);
    return tile;
  };
  const auto bytes = [](const Tile& t) {
    if (!t.complete()) return never_kept;
    return sizeof t + (t.image ? t.image->bytes().size() + t.image->valid().size() : 0);
  };
  return tiles.get_or_make(key, read, bytes, context);
}

Maps::Maps(Settings settings, std::unique_ptr<catalog::Catalog> catalog,
           std::vector<std::unique_ptr<io::RasterOpener>> openers,
           raster::Colormaps colormaps, std::shared_ptr<Budget> budget)
    : state_(std::make_unique<State>(std::move(settings), std::move(catalog),
                                     std::move(openers), std::move(colormaps),
                                     std::move(budget))) {}

Maps::~Maps() = default;

const Settings& Maps::settings() const noexcept { return state_->settings; }
const raster::Colormaps& Maps::colormaps() const noexcept { return state_->colormaps; }
const catalog::Catalog& Maps::catalog() const noexcept { return *state_->catalog; }

catalog::Record Maps::record(const catalog::Keys& keys, const Context& context) const {
  return state_->record(keys, state_->catalogue_watch.ask(), context);
}

Budget& Maps::budget() const noexcept { return *state_->budget; }

}  // namespace terrazzo::maps
