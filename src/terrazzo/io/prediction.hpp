#pragma once

#include <cstddef>
#include <span>

#include "terrazzo/io/samples.hpp"

namespace terrazzo::io {

// The opposite of restore_samples() in this machine's byte order: fills `to` with what is
// to be compressed. Both have shape.bytes() bytes and do not overlap.
// Throws unsupported: there is no such predictor for such samples.
void predict_samples(std::span<const std::byte> block, const BlockShape& shape,
                     Predictor predictor, std::span<std::byte> to);

}  // namespace terrazzo::io
