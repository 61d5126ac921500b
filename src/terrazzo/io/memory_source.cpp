#include "terrazzo/io/memory_source.hpp"

#include <algorithm>
#include <utility>

#include "terrazzo/io/ranges.hpp"

namespace terrazzo::io {
namespace {

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::vector<std::byte> bytes, std::string generation)
      : bytes_(std::move(bytes)), generation_(std::move(generation)) {}

  std::uint64_t size() const override { return bytes_.size(); }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return bytes_; }

  void read(std::span<const Piece> pieces, const Context& context) const override {
    check_inside(pieces, size());
    for (const Piece& piece : pieces) {
      context.check();
      const auto from = head().subspan(static_cast<std::size_t>(piece.offset));
      std::ranges::copy(from.first(piece.to.size()), piece.to.begin());
    }
  }

 private:
  std::vector<std::byte> bytes_;
  std::string generation_;
};

}  // namespace

std::shared_ptr<const ByteSource> memory_source(std::vector<std::byte> bytes,
                                                std::string generation) {
  return std::make_shared<const MemorySource>(std::move(bytes), std::move(generation));
}

}  // namespace terrazzo::io
