// Any bytes as a block of any compression: decoded into the block and nowhere else, or
// refused by an Error that blames the data. The first bytes choose codec and shape;
// TERRAZZO_FUZZ_CODEC=<name of a codec> keeps to that one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"
#include "terrazzo/io/samples.hpp"

using namespace terrazzo;
using namespace terrazzo::io;

namespace {

constexpr std::size_t head = 8;

template <class Work>
bool tried(const Work& work) {
  try {
    work();
    return true;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::corrupt_data && e.kind() != ErrorKind::unsupported)
      std::abort();
    return false;
  }
}

std::vector<const CodecKind*> codecs_to_try() {
  const char* only = std::getenv("TERRAZZO_FUZZ_CODEC");
  std::vector<const CodecKind*> kinds;
  for (const CodecKind* kind : codec_kinds())
    if (only == nullptr || kind->name == std::string_view(only)) kinds.push_back(kind);
  if (kinds.empty()) std::abort();
  return kinds;
}

void restore(std::span<std::byte> block, const BlockShape& shape, unsigned predictor) {
  (void)tried([&] {
    restore_samples(block, shape, static_cast<Predictor>(predictor % 4), true);
  });
  std::vector<std::uint16_t> numbers(shape.rows * shape.cols * shape.samples);
  (void)tried([&] { unpack(block, shape, numbers); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < head) return 0;
  constexpr int widths[] = {8, 16, 32, 64, 1, 12, 24, 5};
  BlockShape shape{
      .rows = std::size_t{1} + data[1],
      .cols = std::size_t{1} + data[2],
      .samples = std::size_t{1} + data[3] % 5,
      .bits = widths[data[4] % 8],
      .format = static_cast<SampleFormat>(data[5] % 3),
      .photometric = static_cast<std::uint16_t>(data[5] % 2 == 0 ? 6 : 1),
      .fill_order = static_cast<std::uint16_t>(1 + data[5] / 128),
  };
  const std::uint32_t lerc[] = {4, data[6] % 4U};
  shape.lerc = lerc;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(head);
  const std::size_t tables = std::min<std::size_t>(data[7] * 4U, bytes.size());
  shape.jpeg_tables = bytes.first(tables);
  std::vector<std::byte> to(shape.bytes());
  static const std::vector<const CodecKind*> codecs = codecs_to_try();
  const CodecKind& codec = *codecs[data[0] % codecs.size()];
  if (!tried([&] { codec.decode(bytes.subspan(tables), to, shape); })) return 0;
  if (!codec.decodes_samples) restore(to, shape, data[6]);
  return 0;
}
