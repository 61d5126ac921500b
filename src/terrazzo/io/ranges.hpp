#pragma once
// Which requests fetch the pieces that a reader asked for.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

// A stretch of a file to be asked for at once, and who gets what of it.
struct RangeRequest {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // at least 1
  std::vector<Piece> parts;  // by offset; inside the stretch, may overlap

  std::uint64_t end() const noexcept { return offset + length; }
};

struct MergeRules {
  std::uint64_t most_gap = 64U << 10U;  // bytes read for nothing rather than asked apart
  std::uint64_t most_length = 4U << 20U;  // of a request; longer pieces are cut
};

// Throws corrupt_data: a piece reaches past the end of a file of `size` bytes.
void check_inside(std::span<const Piece> pieces, std::uint64_t size);

// Requests by offset that together fill every piece; empty pieces ask for nothing. The
// pieces must have passed check_inside().
std::vector<RangeRequest> merged(std::span<const Piece> pieces,
                                 const MergeRules& rules = {});

// Copies to the parts what they want of the bytes that the file has at `offset`.
void scatter(const RangeRequest& request, std::uint64_t offset,
             std::span<const std::byte> bytes);

}  // namespace terrazzo::io
