// Band expressions on pixels in memory, on one thread, beside a loop written for them.

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <fmt/format.h>

#include "benches.hpp"
#include "pairs.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/expression.hpp"

namespace terrazzo::bench {
namespace {

constexpr std::size_t side = 256;
constexpr int calls = 200;

template <class T>
Image band(std::size_t step, std::size_t most) {
  Image image{element_type<T>(), 1, side, side};
  for (std::size_t i = 0; i < image.pixels(); ++i) {
    image.values<T>()[i] = static_cast<T>(i * step % most + 1);
    image.valid()[i] = i % 17 != 0;
  }
  return image;
}

// (a - b) / (a + b), masked where either is or the quotient is not finite.
template <class T>
Image index_of(const Image& a, const Image& b) {
  Image out{ElementType::float64, 1, a.rows(), a.cols()};
  const T* x = a.values<T>().data();
  const T* y = b.values<T>().data();
  double* to = out.values<double>().data();
  std::uint8_t* valid = out.valid().data();
  for (std::size_t i = 0; i < a.pixels(); ++i) {
    const double left = static_cast<double>(x[i]);
    const double right = static_cast<double>(y[i]);
    to[i] = (left - right) / (left + right);
    const bool finite = std::abs(to[i]) <= std::numeric_limits<double>::max();
    valid[i] = static_cast<std::uint8_t>(a.valid()[i] & b.valid()[i] & int{finite});
  }
  return out;
}

template <class T>
void run_type(const std::string& text) {
  const Image a = band<T>(7, 3000);
  const Image b = band<T>(13, 2900);
  const auto expression = raster::Expression::parse(text);
  const std::map<std::string, const Image*, std::less<>> operands{{"v1", &a}, {"v2", &b}};
  const Image ours = expression.run(operands);
  const Image theirs = index_of<T>(a, b);
  for (std::size_t i = 0; i < a.pixels(); ++i)
    if (ours.valid()[i] != theirs.valid()[i] ||
        (ours.valid()[i] != 0 && ours.values<double>()[i] != theirs.values<double>()[i]))
      throw failure(ErrorKind::internal, "{}: pixel {} differs", text, i);
  run({.name = fmt::format("{} of {}, 256²", text, name_of(a.type())),
       .baseline = "a plain loop in C++, the same numbers",
       .ours = {[&](int) { expression.run(operands); }, calls},
       .theirs = {[&](int) { index_of<T>(a, b); }, calls},
       .runs = 15});
}

}  // namespace

void expressions() {
  run_type<double>("(v1-v2)/(v1+v2)");
  run_type<std::uint16_t>("(1.0*v1-v2)/(v1+v2)");
}

}  // namespace terrazzo::bench
