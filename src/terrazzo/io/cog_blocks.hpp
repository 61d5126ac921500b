#pragma once
// From rows of pixels to compressed blocks.

#include <optional>
#include <vector>

#include "terrazzo/base/pool.hpp"
#include "terrazzo/io/encoder.hpp"
#include "terrazzo/io/samples.hpp"
#include "terrazzo/io/spill.hpp"
#include "terrazzo/io/strip.hpp"

namespace terrazzo::io {

struct BlockFormat {
  const EncoderKind* encoder = nullptr;
  Effort effort{};
  Predictor predictor = Predictor::none;
  std::size_t side = 256;          // of blocks, pixels
  std::optional<double> nodata{};  // blocks of nothing else, or 0 without, are left out
  BlockShape shape{};              // of one block, for the encoder
};

// The blocks of a strip of side (or, at the lower end, fewer) rows; the last ones are
// filled up with the pixels at the edge. Encoded side by side on `pool`.
std::vector<Spill::Encoded> encode_blocks(const Strip& strip, const StripShape& shape,
                                          const BlockFormat& format, Pool& pool,
                                          const Context& context);

struct Trial {
  Predictor predictor = Predictor::none;
  bool is_quick = false;  // as of Effort
};

// The least work that makes some blocks of the strip no larger than the usual effort
// without a predictor does, as GDAL's COGs are by default; of equal work, what makes them
// smallest. Empty: there is nothing in them to judge by.
std::optional<Trial> try_predictor(const Strip& strip, const StripShape& shape,
                                   const BlockFormat& format);

}  // namespace terrazzo::io
