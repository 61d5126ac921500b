#include "terrazzo/io/encoder.hpp"

namespace terrazzo::io {
namespace {

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape&,
                              const Effort&) {
  return {samples.begin(), samples.end()};
}

}  // namespace

extern const EncoderKind encoder_none;
const EncoderKind encoder_none{"NONE", 1, false, false, encode, nullptr};

}  // namespace terrazzo::io
