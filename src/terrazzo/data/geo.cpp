#include "terrazzo/data/geo.hpp"

#include <proj.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/data/known_systems.hpp"

namespace terrazzo {

struct Crs::Data {
  std::string source;  // what PROJ makes the system from again, in any thread
  std::string name;
  bool geographic = false;
  bool known = false;  // to known_system()
  mutable std::once_flag worded;
  mutable std::string wkt;
  mutable std::once_flag identified;
  mutable std::optional<int> epsg;
};

namespace {

constexpr std::size_t longest_text = 1 << 20;
constexpr std::size_t objects_kept = 64;  // by each Proj
constexpr int least_confidence = 70;      // of 100, as to_epsg() of rasterio
constexpr double nowhere = std::numeric_limits<double>::infinity();

struct PjDeleter {
  void operator()(PJ* pj) const { proj_destroy(pj); }
};
using Pj = std::unique_ptr<PJ, PjDeleter>;

// What one thread at a time may use of PROJ: contexts, the last complaint and the
// objects made so far, the latest used first.
class Proj {
 public:
  Proj() : context_(made_context()), bare_context_(made_context()) {
    const char* no_folder = "/dev/null";
    proj_context_set_search_paths(bare_context_, 1, &no_folder);
  }
  ~Proj() {
    kept_.clear();
    proj_context_destroy(bare_context_);
    proj_context_destroy(context_);
  }
  Proj(const Proj&) = delete;
  Proj& operator=(const Proj&) = delete;

  PJ_CONTEXT* context() const { return context_; }
  // Finds no files, so PROJ opens no database for what needs none.
  PJ_CONTEXT* bare_context() const { return bare_context_; }
  std::string take_complaint() { return std::exchange(complaint_, {}); }

  // The object kept for (from, to), or the one make() gives. Not null if make() is not.
  template <class Make>
  PJ* find_or_make(const std::string& from, const std::string& to, Make&& make) {
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept& k) { return k.from == from && k.to == to; });
    if (found != kept_.end()) {
      std::rotate(kept_.begin(), found, found + 1);
      return kept_.front().pj.get();
    }
    Pj made = make();
    if (kept_.size() == objects_kept) kept_.pop_back();
    kept_.insert(kept_.begin(), Kept{from, to, std::move(made)});
    return kept_.front().pj.get();
  }

 private:
  struct Kept {
    std::string from;
    std::string to;  // empty: the object is the system `from`
    Pj pj;
  };
  PJ_CONTEXT* made_context() {
    PJ_CONTEXT* context = proj_context_create();
    proj_log_func(context, this, [](void* self, int level, const char* text) {
      if (level == PJ_LOG_ERROR) static_cast<Proj*>(self)->complaint_ = text;
    });
    proj_context_set_enable_network(context, 0);
    return context;
  }

  std::string complaint_;  // before the contexts, which write it
  PJ_CONTEXT* context_;
  PJ_CONTEXT* bare_context_;
  std::vector<Kept> kept_;
};

// Those that no thread uses. The one used last is last, so that there are as many as
// threads that need one at once, and what they made is found again.
class IdleProjs {
 public:
  std::unique_ptr<Proj> take() {
    {
      const std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        auto last = std::move(idle_.back());
        idle_.pop_back();
        return last;
      }
    }
    return std::make_unique<Proj>();
  }
  void give_back(std::unique_ptr<Proj> proj) {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(proj));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Proj>> idle_;
};

IdleProjs& idle_projs() {
  static IdleProjs idle;
  return idle;
}

thread_local Proj* proj_of_this_thread = nullptr;

Proj& proj() { return *proj_of_this_thread; }

// proj() is there while one exists; every function that others call begins with one.
class ProjInUse {
 public:
  ProjInUse() {
    if (proj_of_this_thread != nullptr) return;
    mine_ = idle_projs().take();
    proj_of_this_thread = mine_.get();
  }
  ~ProjInUse() {
    if (!mine_) return;
    proj_of_this_thread = nullptr;
    idle_projs().give_back(std::move(mine_));
  }
  ProjInUse(const ProjInUse&) = delete;
  ProjInUse& operator=(const ProjInUse&) = delete;

 private:
  std::unique_ptr<Proj> mine_;
};

Error unknown_system(std::string_view text) {
  Error error = invalid(
      "'{}' is no reference system; give an EPSG code (EPSG:4326), WKT, PROJJSON or a "
      "PROJ string",
      shown(text));
  error.note("asking PROJ: {}", proj().take_complaint());
  return error;
}

// PROJ strings name a system only with +type=crs; +init=epsg:N is an old EPSG:N.
std::string as_source(std::string_view text) {
  const std::string source{trimmed(text)};
  constexpr std::string_view init = "+init=";
  if (source.starts_with(init)) return source.substr(init.size());
  const auto has = [&](const char* word) {
    return source.find(word) != std::string::npos;
  };
  if (source.starts_with('+') && !has("type=crs") && !has("proj=pipeline"))
    return source + " +type=crs";
  return source;
}

Pj make_system(const std::string& source) {
  Pj made{proj_create(proj().context(), source.c_str())};
  if (!made || !proj_is_crs(made.get())) throw unknown_system(source);
  return made;
}

// x before y, whatever the authority says.
PJ* normalised_system(const std::string& source) {
  return proj().find_or_make(source, "", [&] {
    const Pj made = make_system(source);
    Pj normalised{proj_normalize_for_visualization(proj().context(), made.get())};
    if (!normalised) throw unknown_system(source);
    return normalised;
  });
}

Pj part_with_coordinates(Pj pj) {
  for (;;) {
    const PJ_TYPE type = proj_get_type(pj.get());
    PJ_CONTEXT* context = proj().context();
    PJ* inner = nullptr;
    if (type == PJ_TYPE_BOUND_CRS) inner = proj_get_source_crs(context, pj.get());
    if (type == PJ_TYPE_COMPOUND_CRS) inner = proj_crs_get_sub_crs(context, pj.get(), 0);
    if (inner == nullptr) return pj;
    pj.reset(inner);
  }
}

bool is_geographic_type(PJ_TYPE type) {
  return type == PJ_TYPE_GEOGRAPHIC_2D_CRS || type == PJ_TYPE_GEOGRAPHIC_3D_CRS;
}

std::optional<int> epsg_id(const PJ* pj) {
  const char* authority = proj_get_id_auth_name(pj, 0);
  const char* code = proj_get_id_code(pj, 0);
  if (authority == nullptr || code == nullptr) return std::nullopt;
  if (std::string_view{authority} != "EPSG") return std::nullopt;
  const int number = std::atoi(code);
  return number > 0 ? std::optional{number} : std::nullopt;
}

// The EPSG system that is the same in all but its name, if PROJ finds one.
std::optional<int> identified_epsg(const PJ* pj) {
  int* confidence = nullptr;
  PJ_OBJ_LIST* found = proj_identify(proj().context(), pj, "EPSG", nullptr, &confidence);
  std::optional<int> code;
  if (proj_list_get_count(found) > 0 && confidence[0] >= least_confidence) {
    const Pj best{proj_list_get(proj().context(), found, 0)};
    if (best) code = epsg_id(best.get());
  }
  proj_list_destroy(found);
  proj_int_list_destroy(confidence);
  return code;
}

// With the systems it goes between.
Pj make_operation(const std::string& from, const std::string& to) {
  PJ_CONTEXT* context = proj().context();
  const Pj source = make_system(from);
  const Pj target = make_system(to);
  const Pj made{proj_create_crs_to_crs_from_pj(context, source.get(), target.get(),
                                               nullptr, nullptr)};
  if (!made) return nullptr;
  return Pj{proj_normalize_for_visualization(context, made.get())};
}

Pj quick_operation(const std::string& from, const std::string& to) {
  const auto source = known_system(from);
  const auto target = known_system(to);
  if (!source || !target) return make_operation(from, to);
  return Pj{proj_create(proj().bare_context(), pipeline(*source, *target).c_str())};
}

// Null: PROJ has no words for it.
const char* wkt_of(const PJ* pj) {
  return proj_as_wkt(proj().context(), pj, PJ_WKT2_2019, nullptr);
}

bool is_finite(const Box& box) {
  return std::isfinite(box.west) && std::isfinite(box.south) && std::isfinite(box.east) &&
         std::isfinite(box.north);
}

}  // namespace

Affine Affine::inverse() const {
  const double scale = 1.0 / (a * e - b * d);
  if (!std::isfinite(scale))
    throw invalid("the affine ({}, {}, {}, {}, {}, {}) has no inverse", a, b, c, d, e, f);
  const double ia = e * scale;
  const double ib = -b * scale;
  const double id = -d * scale;
  const double ie = a * scale;
  return {ia, ib, -c * ia - f * ib, id, ie, -c * id - f * ie};
}

Box bounds_of(const Affine& affine, std::size_t rows, std::size_t cols) {
  const auto last_row = static_cast<double>(rows);
  const auto last_col = static_cast<double>(cols);
  const std::array corners{affine(0, 0), affine(last_col, 0), affine(0, last_row),
                           affine(last_col, last_row)};
  const auto [west, east] = std::ranges::minmax(corners, {}, &Point::x);
  const auto [south, north] = std::ranges::minmax(corners, {}, &Point::y);
  return {west.x, south.y, east.x, north.y};
}

Crs Crs::from(std::string_view text) {
  const ProjInUse in_use;
  if (text.size() > longest_text || text.find('\0') != std::string_view::npos)
    throw unknown_system(text);
  auto data = std::make_shared<Data>();
  data->source = as_source(text);
  if (auto known = known_system(data->source)) {
    data->name = std::move(known->name);
    data->epsg = known->epsg;
    data->geographic = known->geographic;
    data->known = true;
    return Crs{std::move(data)};
  }
  Pj pj = make_system(data->source);
  const char* wkt = wkt_of(pj.get());
  if (wkt == nullptr) throw unknown_system(text);
  data->wkt = wkt;
  const char* name = proj_get_name(pj.get());
  data->name = name != nullptr ? name : "";
  data->epsg = epsg_id(pj.get());
  pj = part_with_coordinates(std::move(pj));
  data->geographic = is_geographic_type(proj_get_type(pj.get()));
  return Crs{std::move(data)};
}

Crs Crs::epsg(int code) { return from(fmt::format("EPSG:{}", code)); }

const Crs& Crs::wgs84() {
  static const Crs crs = epsg(4326);
  return crs;
}

const Crs& Crs::web_mercator() {
  static const Crs crs = epsg(3857);
  return crs;
}

// Of a known system, which PROJ has not seen, when it is first asked for; without words
// if PROJ's database is gone.
const std::string& Crs::wkt() const noexcept {
  std::call_once(data_->worded, [this] {
    if (!data_->known) return;
    const ProjInUse in_use;
    const Pj pj{proj_create(proj().context(), data_->source.c_str())};
    const char* wkt = pj ? wkt_of(pj.get()) : nullptr;
    if (wkt != nullptr) data_->wkt = wkt;
  });
  return data_->wkt;
}

std::string Crs::name() const { return data_->name; }

std::optional<int> Crs::epsg_code() const {
  const ProjInUse in_use;
  std::call_once(data_->identified, [this] {
    if (!data_->epsg) data_->epsg = identified_epsg(make_system(data_->source).get());
  });
  return data_->epsg;
}

bool Crs::is_geographic() const noexcept { return data_->geographic; }

bool Crs::operator==(const Crs& other) const {
  if (data_ == other.data_) return true;
  if (data_->known && other.data_->known) return data_->epsg == other.data_->epsg;
  const ProjInUse in_use;
  if (wkt() == other.wkt()) return true;
  // The second object may push the first out of a full cache, but never the latest.
  static_assert(objects_kept >= 2);
  const PJ* mine = normalised_system(data_->source);
  const PJ* theirs = normalised_system(other.data_->source);
  return proj_is_equivalent_to_with_ctx(proj().context(), mine, theirs,
                                        PJ_COMP_EQUIVALENT) != 0;
}

namespace {

// For points.
PJ* operation(const std::string& from, const std::string& to) {
  return proj().find_or_make(from, to, [&] { return quick_operation(from, to); });
}

// For boxes with edges in degrees, of which PROJ wants to know whose they are.
PJ* full_operation(const std::string& from, const std::string& to) {
  return proj().find_or_make(from, to + " in full",
                             [&] { return make_operation(from, to); });
}

}  // namespace

Transform::Transform(Crs from, Crs to) : from_(std::move(from)), to_(std::move(to)) {
  const ProjInUse in_use;
  if (operation(from_.data_->source, to_.data_->source) != nullptr) return;
  Error error =
      invalid("there is no way from {} to {}", shown(from_.name()), shown(to_.name()));
  error.note("asking PROJ: {}", proj().take_complaint());
  throw error;
}

void Transform::operator()(std::span<Point> points) const {
  const ProjInUse in_use;
  if (points.empty()) return;
  PJ* pj = operation(from_.data_->source, to_.data_->source);
  constexpr std::size_t step = sizeof(Point);
  proj_errno_reset(pj);
  proj_trans_generic(pj, PJ_FWD, &points[0].x, step, points.size(), &points[0].y, step,
                     points.size(), nullptr, 0, 0, nullptr, 0, 0);
  for (Point& p : points)
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) p = {nowhere, nowhere};
}

Point Transform::operator()(Point point) const {
  (*this)(std::span{&point, 1});
  return point;
}

Box Transform::operator()(const Box& box, int densify) const {
  const ProjInUse in_use;
  constexpr int most_points = 10'000;
  if (!is_finite(box) || densify < 0 || densify > most_points)
    throw invalid("the box [{}, {}, {}, {}] cannot be cut in {} + 1 pieces an edge",
                  box.west, box.south, box.east, box.north, densify);
  const bool degrees = from_.is_geographic() || to_.is_geographic();
  PJ* pj = (degrees ? full_operation : operation)(from_.data_->source, to_.data_->source);
  proj_errno_reset(pj);
  Box out;
  const int done =
      proj_trans_bounds(proj().context(), pj, PJ_FWD, box.west, box.south, box.east,
                        box.north, &out.west, &out.south, &out.east, &out.north, densify);
  if (done != 0 && is_finite(out)) return out;
  Error error =
      invalid("the box [{}, {}, {}, {}] of {} has no place in {}", box.west, box.south,
              box.east, box.north, shown(from_.name()), shown(to_.name()));
  error.note("asking PROJ: {}", proj().take_complaint());
  throw error;
}

}  // namespace terrazzo
