#pragma once
// The facade of everything that is looked at: one typed call for each use case.

#include <memory>
#include <string>
#include <vector>

#include "terrazzo/base/budget.hpp"
#include "terrazzo/base/context.hpp"
#include "terrazzo/io/raster.hpp"
#include "terrazzo/maps/picture.hpp"
#include "terrazzo/maps/requests.hpp"
#include "terrazzo/maps/settings.hpp"
#include "terrazzo/raster/colormap.hpp"

namespace terrazzo::maps {

// Owns the catalogue, the openers and the caches. Safe from any thread.
//
// Errors of every call that takes keys: invalid_input (wrong number of keys), not_found
// ("No dataset found"), denied ("Lazy loading requires a writable database"),
// unavailable, corrupt_data, timeout, cancelled.
class Maps {
 public:
  // openers are asked in order; the first that can open a file serves it. budget: shared
  // with the openers; none: one of raster_cache_size.
  Maps(Settings settings, std::unique_ptr<catalog::Catalog> catalog,
       std::vector<std::unique_ptr<io::RasterOpener>> openers,
       raster::Colormaps colormaps = {}, std::shared_ptr<Budget> budget = {});
  ~Maps();

  const Settings& settings() const noexcept;
  const raster::Colormaps& colormaps() const noexcept;
  const catalog::Catalog& catalog() const noexcept;

  // With metadata: computed and stored if it was not there yet.
  catalog::Record record(const catalog::Keys& keys, const Context& context = {}) const;

  // Planned; Picture::bytes() reads and draws.
  Picture singleband(const SinglebandRequest& request, const Context& context = {}) const;
  Picture rgb(const RgbRequest& request, const Context& context = {}) const;
  Picture compute(const ComputeRequest& request, const Context& context = {}) const;

  // Of at most 1024 x 1024 pixels, over the dataset's range.
  Histogram histogram(const catalog::Keys& keys, std::size_t bins,
                      const Context& context = {}) const;
  PointValue point(const catalog::Keys& keys, Point lonlat,
                   const Context& context = {}) const;
  // From the user metadata ("classes": {"1": "Water"} or [{"value","label","color"}]),
  // else from the file's colour table and category names; empty if there are none.
  std::vector<ClassEntry> classes(const catalog::Keys& keys,
                                  const Context& context = {}) const;

  // The memory for what is kept: raster_cache_size, or what was given.
  Budget& budget() const noexcept;

  struct State;  // what the files of this folder share

 private:
  std::unique_ptr<State> state_;
};

}  // namespace terrazzo::maps
