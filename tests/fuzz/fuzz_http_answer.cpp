// Any bytes as what web servers answer when a file is opened and read: what the reader
// then holds is as long as it says, and errors blame the server.
//
// The first two bytes choose sizes; each answer is lines of a head, a blank line, and a
// body that ends at a line of one dot.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/http_transfer.hpp"
#include "terrazzo/io/remote_tasks.hpp"
#include "terrazzo/io/web_file.hpp"

using namespace terrazzo;
using namespace terrazzo::io;

namespace {

// Feeds one answer, as libcurl would; nothing is sent. What task.end() says, if it is
// asked.
class Answers {
 public:
  explicit Answers(std::string_view text) : rest_(text) {}

  void give(HttpTask& task) {
    const HttpLimits limits;
    HttpTransfer transfer{loop_, task, 1, task.request(), limits};
    bool goes_on = true;
    while (goes_on && !rest_.empty()) {
      const std::string_view line = take_to("\n");
      goes_on = transfer.on_header_line(line);
      if (line.empty() || line == "\r") break;
    }
    std::string_view body = take_to("\n.\n");
    while (goes_on && !body.empty()) {
      const auto part = body.substr(0, 1 + body.size() / 3);
      body.remove_prefix(part.size());
      goes_on = transfer.on_body(std::as_bytes(std::span{part}));
    }
    transfer.rethrow();
    (void)task.end(transfer.answer());
    (void)retry_after(transfer.answer());
  }

 private:
  std::string_view take_to(std::string_view end) {
    const std::size_t at = std::min(rest_.find(end), rest_.size());
    const std::string_view taken = rest_.substr(0, at);
    rest_.remove_prefix(std::min(at + end.size(), rest_.size()));
    return taken;
  }

  static HttpClient::Loop loop_;
  std::string_view rest_;
};

HttpClient::Loop Answers::loop_;

template <class Work>
void tried(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  Answers answers{text.substr(2)};
  const auto file = web_file("http://127.0.0.1:9/a.tif");
  const Context context;
  HeadTask head{*file, context};
  tried([&] { answers.give(head); });
  if (head.bytes.size() > std::max(remote_head_bytes, most_whole_bytes)) std::abort();

  // Guards stand on both sides of what the answer may fill.
  std::string room(64, '#');
  const std::size_t length = 1 + data[0] % 32;
  const Identity identity{.etag = "\"v1\""};
  const Pinned pinned{*file, identity, 1000};
  const std::uint64_t offset = data[1];
  const Piece piece{offset, std::as_writable_bytes(std::span{room}).subspan(16, length)};
  RangeTask range{pinned, {offset, length, {piece}}, context};
  tried([&] { answers.give(range); });
  if (room.substr(0, 16) != std::string(16, '#') ||
      room.substr(16 + length).find_first_not_of('#') != std::string::npos)
    std::abort();

  tried([&] { (void)pin_of(text); });
  if (const auto stated = content_range(text.substr(2)))
    if (stated->offset + stated->length < stated->offset) std::abort();
  return 0;
}
