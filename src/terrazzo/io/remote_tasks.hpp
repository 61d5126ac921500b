#pragma once
// The requests that files on servers are read with, and what their answers must say.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/io/http_client.hpp"
#include "terrazzo/io/ranges.hpp"
#include "terrazzo/io/remote_source.hpp"

namespace terrazzo::io {

// What tells one content of a file from the next.
struct Identity {
  std::string etag{};      // empty: the server gives none
  std::string modified{};  // as the server writes it

  bool strong() const { return !etag.empty() && !etag.starts_with("W/"); }

  // Do both tell what they tell of one content? What either does not tell does not count.
  bool agrees_with(const Identity& other) const;

  // As ByteSource::generation(). If the server tells nothing that changes with the
  // content, another text at each call.
  std::string generation(std::uint64_t size) const;
};

// As ByteSource::pin(): an identity and a size as one text; empty of a weak identity.
struct Pin {
  Identity identity{};
  std::uint64_t size = 0;  // of the file

  std::string text() const;
};
// Throws corrupt_data: the text is no pin.
Pin pin_of(std::string_view text);

// Which bytes of how many an answer says it brings.
struct ContentRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;             // 0 of "bytes */123"
  std::optional<std::uint64_t> size{};  // of the file; empty if the server does not know
};

// "bytes 0-99/1234", "bytes 0-99/*", "bytes */1234". Empty: it is none of them.
std::optional<ContentRange> content_range(std::string_view text);

// The first bytes and what the server says of the file.
class HeadTask : public HttpTask {
 public:
  // Brings `most` bytes at most; of a server that knows no ranges all of them.
  HeadTask(const RemoteFile& file, const Context& context,
           std::uint64_t most = remote_head_bytes)
      : file_(file), context_(context), most_(most) {}

  HttpRequest request() override;
  std::string name() const override { return file_.name(); }
  void begin(const HttpAnswer& answer) override;
  bool take(std::span<const std::byte> content) override;
  Verdict end(const HttpAnswer& answer) override;

  std::vector<std::byte> bytes{};
  Identity identity{};
  std::uint64_t size = 0;
  bool whole = false;  // bytes is all of it, from a server that knows no ranges

 private:
  void begin_part(const HttpAnswer& answer);
  Verdict end_empty(const HttpAnswer& answer);

  const RemoteFile& file_;
  const Context& context_;
  const std::uint64_t most_;
  bool known_empty_ = false;
  std::optional<std::uint64_t> expected_{};
};

// What the file was when it was opened.
struct Pinned {
  const RemoteFile& file;
  const Identity& identity;
  std::uint64_t size;

  Error conflict() const { return http_failure(412, file.name()); }
};

// A stretch of the file as it was when it was opened.
class RangeTask final : public HttpTask {
 public:
  RangeTask(const Pinned& pinned, RangeRequest range, const Context& context)
      : pinned_(pinned), range_(std::move(range)), context_(context) {}

  HttpRequest request() override;
  std::string name() const override { return pinned_.file.name(); }
  void begin(const HttpAnswer& answer) override;
  bool take(std::span<const std::byte> content) override;
  Verdict end(const HttpAnswer& answer) override;

 private:
  const Pinned& pinned_;
  const RangeRequest range_;
  const Context& context_;
  std::uint64_t position_ = 0;  // in the file, of the next byte that comes
  bool whole_ = false;          // the server ignored the range
};

}  // namespace terrazzo::io
