// Any text as an expression over two small images: a result, or an Error of the caller's.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "terrazzo/raster/expression.hpp"

using namespace terrazzo;

namespace {

Image ramp(ElementType type) {
  Image image{type, 1, 4, 4};
  with_type(type, [&]<class T>(T) {
    auto values = image.values<T>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(i);
  });
  image.valid()[5] = 0;
  return image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Image whole = ramp(ElementType::uint16);
  static const Image real = ramp(ElementType::float32);
  try {
    const auto expression =
        raster::Expression::parse({reinterpret_cast<const char*>(data), size});
    Context context;
    context.deadline = Context::Clock::now() + std::chrono::seconds{5};
    const Image out = expression.run({{"v1", &whole}, {"v2", &real}}, context);
    if (out.pixels() != whole.pixels()) std::abort();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input) std::abort();
  }
  return 0;
}
