#include "terrazzo/io/remote_source.hpp"

#include <algorithm>
#include <deque>

#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/remote_tasks.hpp"

namespace terrazzo::io {
namespace {

class RemoteSource final : public ByteSource {
 public:
  RemoteSource(std::unique_ptr<const RemoteFile> file, HttpClient& client,
               Identity identity, std::uint64_t size, std::vector<std::byte> head)
      : file_(std::move(file)),
        client_(client),
        identity_(std::move(identity)),
        size_(size),
        generation_(identity_.generation(size_)),
        head_(std::move(head)) {}

  std::uint64_t size() const override { return size_; }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return head_; }
  std::string pin() const override { return Pin{identity_, size_}.text(); }

  void read(std::span<const Piece> pieces, const Context& context) const override {
    check_inside(pieces, size_);
    context.check();
    const Pinned pinned{*file_, identity_, size_};
    std::deque<RangeTask> tasks;
    std::vector<HttpTask*> list;
    for (RangeRequest& range : merged(beyond_head(pieces)))
      list.push_back(&tasks.emplace_back(pinned, std::move(range), context));
    client_.run(list, context);
  }

 private:
  // The pieces that the head does not hold whole; the others are filled.
  std::vector<Piece> beyond_head(std::span<const Piece> pieces) const {
    std::vector<Piece> out;
    for (const Piece& piece : pieces) {
      if (piece.offset + piece.to.size() > head_.size()) {
        out.push_back(piece);
      } else {
        const auto from = head().subspan(static_cast<std::size_t>(piece.offset));
        std::ranges::copy(from.first(piece.to.size()), piece.to.begin());
      }
    }
    return out;
  }

  const std::unique_ptr<const RemoteFile> file_;
  HttpClient& client_;
  const Identity identity_;
  const std::uint64_t size_;
  const std::string generation_;
  const std::vector<std::byte> head_;
};

}  // namespace

std::shared_ptr<const ByteSource> open_remote(std::unique_ptr<const RemoteFile> file,
                                              HttpClient& client,
                                              const Context& context) {
  HeadTask head{*file, context};
  HttpTask* const tasks[] = {&head};
  client.run(tasks, context);
  if (head.whole) {
    std::string generation = head.identity.generation(head.size);
    return memory_source(std::move(head.bytes), std::move(generation));
  }
  return std::make_shared<const RemoteSource>(std::move(file), client,
                                              std::move(head.identity), head.size,
                                              std::move(head.bytes));
}

std::shared_ptr<const ByteSource> reopen_remote(std::unique_ptr<const RemoteFile> file,
                                                HttpClient& client,
                                                const std::string& pin) {
  Pin was = pin_of(pin);
  return std::make_shared<const RemoteSource>(std::move(file), client,
                                              std::move(was.identity), was.size,
                                              std::vector<std::byte>{});
}

}  // namespace terrazzo::io
