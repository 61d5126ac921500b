#include "terrazzo/io/compress.hpp"
#include "terrazzo/io/encoder.hpp"

namespace terrazzo::io {
namespace {

constexpr int usual_level = 6;

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape&,
                              const Effort& effort) {
  return compress_zlib(samples, effort.level.value_or(effort.is_quick ? 1 : usual_level));
}

}  // namespace

extern const EncoderKind encoder_deflate;
const EncoderKind encoder_deflate{"DEFLATE", 8, true, false, encode, nullptr};

}  // namespace terrazzo::io
