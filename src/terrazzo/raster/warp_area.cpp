#include <span>
#include <utility>
#include <vector>

#include "terrazzo/raster/warp_kernels.hpp"

namespace terrazzo::raster {
namespace {

// Parts of pixels that transformations make of nothing are left out.
constexpr double least_part = 1e-4;
constexpr double equal_areas = 1e-5;

// Pixels [first, end) of a line that an interval covers, the outer ones in part.
struct Cover {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t end = 0;
  double low = 0;
  double high = 0;

  bool empty() const { return first >= end; }
  double part(std::ptrdiff_t pixel) const {
    const auto from = static_cast<double>(pixel);
    return std::min(high, from + 1) - std::max(low, from);
  }
};

Cover cover(double centre, double width, std::size_t size) {
  const double half = std::max(width, 2 * least_part) / 2;
  Cover c{0, 0, std::max(centre - half, 0.0),
          std::min(centre + half, static_cast<double>(size))};
  if (!(c.low < c.high)) return c;
  c.first = static_cast<std::ptrdiff_t>(std::floor(c.low));
  c.end = static_cast<std::ptrdiff_t>(std::ceil(c.high));
  if (c.end - c.first > 1 && c.part(c.first) < least_part) ++c.first;
  if (c.end - c.first > 1 && c.part(c.end - 1) < least_part) --c.end;
  return c;
}

// A reducer gets the valid values of a pixel's footprint with the areas covered.
template <class T>
class Mean {
 public:
  void add(T value, double area) {
    sum_ += area * static_cast<double>(value);
    weight_ += area;
  }
  bool empty() const { return weight_ == 0; }
  T take() {
    const T mean = to_element<T>(sum_ / weight_);
    sum_ = weight_ = 0;
    return mean;
  }

 private:
  double sum_ = 0;
  double weight_ = 0;
};

template <class T>
class Mode {
 public:
  void add(T value, double area) { seen_.emplace_back(value, area); }
  bool empty() const { return seen_.empty(); }
  T take() {
    std::ranges::sort(seen_, {}, &std::pair<T, double>::first);
    T best = seen_.front().first;
    double most = 0;
    for (std::size_t i = 0; i < seen_.size();) {
      const T value = seen_[i].first;
      double area = 0;
      for (; i < seen_.size() && seen_[i].first == value; ++i) area += seen_[i].second;
      if (area > most + equal_areas) {
        best = value;
        most = area;
      }
    }
    seen_.clear();
    return best;
  }

 private:
  std::vector<std::pair<T, double>> seen_;
};

// The first of the values in the order of `Less`.
template <class T, bool least>
class Extreme {
 public:
  void add(T value, double) {
    if (empty_ || (least ? value < best_ : best_ < value)) best_ = value;
    empty_ = false;
  }
  bool empty() const { return empty_; }
  T take() {
    empty_ = true;
    return best_;
  }

 private:
  T best_{};
  bool empty_ = true;
};

template <class T>
using Min = Extreme<T, true>;
template <class T>
using Max = Extreme<T, false>;

template <class T, class Reducer>
void add_covered(const BlockView& source, const Cover& cols, const Cover& rows,
                 Reducer& reducer) {
  for (std::ptrdiff_t row = rows.first; row < rows.end; ++row) {
    const double height = rows.part(row);
    const T* const values = values_of<T>(source) + place_of(source, 0, row);
    for (std::ptrdiff_t col = cols.first; col < cols.end; ++col)
      if (is_valid(source, place_of(source, col, row)))
        reducer.add(values[col], height * cols.part(col));
  }
}

template <template <class> class Reducer, class T>
void area(const BlockView& source, const WarpSpan& placed, void* to,
          std::uint8_t* valid) {
  const WarpSpan span = within(source, placed);
  auto* const out = static_cast<T*>(to);
  Reducer<T> reducer;
  for (std::int32_t i = 0; i < span.count; ++i) {
    const Cover cols = cover(as_pixels(span.x + i * span.dx),
                             static_cast<double>(span.width), source.cols);
    const Cover rows = cover(as_pixels(span.y + i * span.dy),
                             static_cast<double>(span.height), source.rows);
    if (!cols.empty() && !rows.empty()) add_covered<T>(source, cols, rows, reducer);
    if (reducer.empty()) valid[i] = 0;
    out[i] = reducer.empty() ? T{} : reducer.take();
  }
}

}  // namespace

SpanKernel* area_kernel(Kernel kernel, ElementType type) {
  return with_type(type, [&](auto value) -> SpanKernel* {
    using T = decltype(value);
    switch (kernel) {
      case Kernel::mode:
        return &area<Mode, T>;
      case Kernel::min:
        return &area<Min, T>;
      case Kernel::max:
        return &area<Max, T>;
      default:
        return &area<Mean, T>;
    }
  });
}

}  // namespace terrazzo::raster
