#include "terrazzo/io/encoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "support/blocks.hpp"
#include "terrazzo/io/prediction.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;

// Smooth with some noise, as pictures are.
Bytes picture(const BlockShape& shape) {
  Bytes noise = test::noise(shape.bytes(), 7);
  for (std::size_t i = 0; i < noise.size(); ++i) {
    const double wave = 100 + 60 * std::sin(static_cast<double>(i) / 300);
    noise[i] = static_cast<std::byte>(static_cast<int>(wave) +
                                      (std::to_integer<int>(noise[i]) & 7));
  }
  return noise;
}

Bytes decoded(const EncoderKind& kind, const Bytes& block, const BlockShape& shape) {
  Bytes out(shape.bytes());
  find_codec(kind.number)->decode(block, out, shape);
  return out;
}

bool is_lossless(const EncoderKind& kind) {
  return !kind.lossy_colors && kind.name != "LERC";
}

}  // namespace

TEST_CASE("what a lossless encoder makes its codec gives back, whatever the bytes") {
  for (const EncoderKind* kind : encoder_kinds()) {
    if (!is_lossless(*kind)) continue;
    CAPTURE(kind->name);
    for (const std::size_t cols : {1U, 2U, 7U, 64U, 300U}) {
      const BlockShape shape{.rows = 50, .cols = cols, .samples = 3};
      for (const Bytes& block :
           {picture(shape), test::noise(shape.bytes(), 3), Bytes(shape.bytes())})
        CHECK(decoded(*kind, kind->encode(block, shape, {}), shape) == block);
    }
  }
}

TEST_CASE("predicted samples are restored, of every size and number of samples") {
  for (const int bits : {8, 16, 32, 64})
    for (const std::size_t samples : {1U, 2U, 3U, 4U, 5U}) {
      const BlockShape shape{
          .rows = 3,
          .cols = 37,
          .samples = samples,
          .bits = bits,
          .format = bits >= 32 ? SampleFormat::floating : SampleFormat::unsigned_integer};
      const Bytes block = test::noise(shape.bytes(), 5);
      for (const Predictor predictor :
           {Predictor::none, Predictor::horizontal, Predictor::floating}) {
        if (predictor == Predictor::floating && bits < 32) continue;
        CAPTURE(bits);
        CAPTURE(samples);
        Bytes there(block.size());
        predict_samples(block, shape, predictor, there);
        restore_samples(there, shape, predictor, false);
        CHECK(there == block);
      }
    }
}

}  // namespace terrazzo::io
