#include "terrazzo/io/ranges.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace terrazzo::io {
namespace {

// Sorted, none empty, none longer than `longest`.
std::vector<Piece> cut(std::span<const Piece> pieces, std::uint64_t longest) {
  std::vector<Piece> out;
  out.reserve(pieces.size());
  for (Piece rest : pieces) {
    while (!rest.to.empty()) {
      const auto length =
          static_cast<std::size_t>(std::min<std::uint64_t>(rest.to.size(), longest));
      out.push_back({rest.offset, rest.to.first(length)});
      rest = {rest.offset + length, rest.to.subspan(length)};
    }
  }
  std::ranges::stable_sort(out, {}, &Piece::offset);
  return out;
}

}  // namespace

void check_inside(std::span<const Piece> pieces, std::uint64_t size) {
  for (const Piece& piece : pieces)
    if (piece.offset > size || piece.to.size() > size - piece.offset)
      throw failure(ErrorKind::corrupt_data,
                    "the file should have {} bytes at {}, but it ends at {}",
                    piece.to.size(), piece.offset, size);
}

std::vector<RangeRequest> merged(std::span<const Piece> pieces, const MergeRules& rules) {
  std::vector<RangeRequest> requests;
  for (const Piece& piece : cut(pieces, rules.most_length)) {
    const std::uint64_t end = piece.offset + piece.to.size();
    RangeRequest* last = requests.empty() ? nullptr : &requests.back();
    const bool joins = last != nullptr && piece.offset <= last->end() + rules.most_gap &&
                       end - last->offset <= rules.most_length;
    if (!joins) {
      requests.push_back({piece.offset, piece.to.size(), {piece}});
    } else {
      last->length = std::max(last->end(), end) - last->offset;
      last->parts.push_back(piece);
    }
  }
  return requests;
}

void scatter(const RangeRequest& request, std::uint64_t offset,
             std::span<const std::byte> bytes) {
  const std::uint64_t end = offset + bytes.size();
  for (const Piece& part : request.parts) {
    if (part.offset >= end) break;
    const std::uint64_t from = std::max(part.offset, offset);
    const std::uint64_t to = std::min(part.offset + part.to.size(), end);
    if (from >= to) continue;
    std::memcpy(part.to.data() + (from - part.offset), bytes.data() + (from - offset),
                static_cast<std::size_t>(to - from));
  }
}

}  // namespace terrazzo::io
