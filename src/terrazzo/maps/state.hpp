#pragma once
// What the files of this folder share; nobody outside it includes this.

#include <optional>
#include <string>
#include <string_view>

#include "terrazzo/base/cache.hpp"
#include "terrazzo/base/digest.hpp"
#include "terrazzo/maps/freshness.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::maps {

// A raster read for one picture.
struct Tile {
  std::optional<Image> image{};  // empty where the raster does not reach
  std::size_t holes = 0;         // damaged blocks that are missing in it
  bool is_torn = false;          // the file was replaced while it was read

  bool complete() const { return holes == 0 && !is_torn; }
};

// An encoded picture.
struct Drawing {
  std::string bytes{};
  bool complete = true;  // else as Tile::complete()
};

// Throws the error that one of reading a record's file is to whoever asks for a picture:
// unavailable for what may be over when they ask again.
[[noreturn]] void rethrow_for(const catalog::Record& record, Error& error,
                              const Context& context);

struct Maps::State {
  Settings settings;
  std::unique_ptr<catalog::Catalog> catalog;
  std::vector<std::unique_ptr<io::RasterOpener>> openers;
  raster::Colormaps colormaps;
  CatalogueWatch catalogue_watch;

  std::shared_ptr<Budget> budget;

  mutable Cache<std::string, Tile> tiles;                 // complete ones
  mutable Cache<std::string, Drawing> pictures;           // complete ones
  mutable Cache<std::string, catalog::Record> described;  // keeps nothing: one maker each
  mutable Cache<std::string, catalog::Record> records;    // by change counter and keys

  std::vector<Budget::Seat> seats;

  State(Settings settings, std::unique_ptr<catalog::Catalog> catalog,
        std::vector<std::unique_ptr<io::RasterOpener>> openers,
        raster::Colormaps colormaps, std::shared_ptr<Budget> budget);

  // As Maps::record, without computing metadata.
  catalog::Record stored(const catalog::Keys& keys) const;
  // With metadata, computed and stored if need be. counter: what the catalogue_watch was
  // told for this plan.
  catalog::Record record(const catalog::Keys& keys, std::uint64_t counter,
                         const Context& context) const;
  std::shared_ptr<const io::Raster> raster(const catalog::Record& record,
                                           const Context& context) const;

  // The record's file as it is; on another machine, as it was found in the last minute.
  // Throws as raster().
  Sighting look_at(const catalog::Record& record, const Context& context) const;
  // Is the file another one by now? Yes if that cannot be told.
  bool has_changed(const Sighting& seen, const Context& context) const;
  // What `work` gives, which reads the record's file. Throws as rethrow_for().
  template <class Work>
  auto reading(const catalog::Record& record, const Context& context,
               const Work& work) const {
    try {
      return work();
    } catch (Error& error) {
      rethrow_for(record, error, context);
    }
  }

  // Rows and cols of the picture that is asked for.
  TileSize size_of(const PictureRequest& request) const;
  // The pixels behind one band of a picture, through the cache. keep_values: nearest
  // neighbour all the way, for classes. Damaged blocks of the file are holes.
  std::shared_ptr<const Tile> tile(const catalog::Record& record,
                                   const PictureRequest& request, bool keep_values,
                                   const Context& context) const;
};

// False if no pixel of the tile can be in the record's bounds; true for previews.
bool meets(const catalog::Record& record, const PictureRequest& request);

// Of the picture, in web mercator; a preview's from the record's file.
// Throws unsupported: the file is not georeferenced.
Box box_of(const catalog::Record& record, const io::Raster& file,
           const PictureRequest& request);

// What tells two pictures apart, as text: keys of caches, hashed for ETags.
std::string picture_key(std::string_view what, const PictureRequest& request);
// seen: the record's file as it is now.
std::string describe_record(const catalog::Record& record, const Sighting& seen);

io::Resampling resampling_of(std::string_view name);

}  // namespace terrazzo::maps
