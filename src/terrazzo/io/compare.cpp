#include "terrazzo/io/compare.hpp"

#include <algorithm>
#include <cmath>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t strip_pixels = std::size_t{1} << 22U;

double difference(double a, double b) { return a == b ? 0 : std::abs(a - b); }

void add(const Image& a, const Image& b, PixelComparison& sum) {
  with_type(a.type(), [&]<class A>(A) {
    with_type(b.type(), [&]<class B>(B) {
      const auto left = a.values<A>();
      const auto right = b.values<B>();
      for (std::size_t i = 0; i < left.size(); ++i) {
        if (a.valid()[i] != b.valid()[i]) ++sum.hidden_differently;
        if (a.valid()[i] == 0 || b.valid()[i] == 0) continue;
        const double off =
            difference(static_cast<double>(left[i]), static_cast<double>(right[i]));
        if (off != 0) ++sum.differing;
        sum.max_difference = std::max(sum.max_difference, off);
      }
    });
  });
}

void check_comparable(const RasterInfo& a, const RasterInfo& b) {
  if (a.bands.size() != b.bands.size())
    throw invalid("it has {} bands, what it is compared with has {}", a.bands.size(),
                  b.bands.size());
  if (a.rows != b.rows || a.cols != b.cols)
    throw invalid("it has {} x {} pixels, what it is compared with has {} x {}", a.rows,
                  a.cols, b.rows, b.cols);
}

}  // namespace

PixelComparison compare_pixels(const RasterOpener& opener, const std::string& uri,
                               const std::string& other, const Context& context) {
  PixelComparison sum;
  const RasterInfo info = opener.open(uri)->info();
  check_comparable(info, opener.open(other)->info());
  const std::size_t block = std::max<std::size_t>(info.block_rows, 1);
  const std::size_t rows =
      std::max(strip_pixels / info.cols / block, std::size_t{1}) * block;
  for (std::size_t band = 1; band <= info.bands.size(); ++band) {
    const auto a = opener.open(uri, static_cast<int>(band));
    const auto b = opener.open(other, static_cast<int>(band));
    for (std::size_t row = 0; row < info.rows; row += rows) {
      context.check();
      const Window window{0, row, info.cols, std::min(rows, info.rows - row)};
      add(a->read(window, window.rows, window.cols, context),
          b->read(window, window.rows, window.cols, context), sum);
    }
  }
  return sum;
}

}  // namespace terrazzo::io
