#include "terrazzo/io/remote_source.hpp"

#include <algorithm>
#include <charconv>
#include <deque>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/ranges.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_etag = 1024;

// What tells one content of a file from the next.
struct Identity {
  std::string etag;      // empty: the server gives none
  std::string modified;  // as the server writes it
  std::string version;   // of an object store that keeps versions

  bool strong() const { return !etag.empty() && !etag.starts_with("W/"); }

  // Do both tell what they tell of one content? What either does not tell does not count.
  bool agrees_with(const Identity& other) const {
    if (!etag.empty() && !other.etag.empty()) return etag == other.etag;
    return modified.empty() || other.modified.empty() || modified == other.modified;
  }

  std::string generation(std::uint64_t size) const {
    if (!version.empty()) return fmt::format("{} {}", version, etag);
    if (!etag.empty()) return etag;
    return fmt::format("{} {}", size, modified);
  }
};

std::string header_of(const HttpAnswer& answer, std::string_view name) {
  const std::string* value = answer.find(name);
  return value == nullptr || value->size() > most_etag ? std::string{} : *value;
}

Identity identity_of(const HttpAnswer& answer) {
  Identity identity{.etag = header_of(answer, "etag"),
                    .modified = header_of(answer, "last-modified"),
                    .version = header_of(answer, "x-amz-version-id")};
  if (identity.version == "null") identity.version.clear();
  return identity;
}

std::string range_header(std::uint64_t offset, std::uint64_t end) {
  return fmt::format("Range: bytes={}-{}", offset, end - 1);
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || rest != text.data() + text.size())
    return std::nullopt;
  return number;
}

// Throws corrupt_data: a 206 that does not say what it brings.
ContentRange stated_range(const HttpAnswer& answer, std::string_view name) {
  const std::string* text = answer.find("content-range");
  const auto range = text == nullptr ? std::nullopt : content_range(*text);
  if (!range || range->length == 0)
    throw failure(ErrorKind::corrupt_data,
                  "the server of '{}' brings a part but does not say which", name);
  return *range;
}

// Throws what an answer that is no content means, unless another attempt may do better.
HttpTask::Verdict refused(const RemoteFile& file, const HttpAnswer& answer) {
  if (file.may_try_again(answer)) return HttpTask::Verdict::again;
  throw http_failure(answer.status, file.name());
}

Error no_ranges(std::string_view name) {
  return failure(ErrorKind::unsupported,
                 "the server of '{}' knows no ranges, and more than {} MiB are not read "
                 "without them",
                 name, most_whole_bytes >> 20U);
}

// The first bytes and what the server says of the file.
class HeadTask final : public HttpTask {
 public:
  HeadTask(const RemoteFile& file, const Context& context)
      : file_(file), context_(context) {}

  HttpRequest request() override {
    return file_.get({range_header(0, remote_head_bytes)}, context_);
  }
  std::string name() const override { return file_.name(); }

  void begin(const HttpAnswer& answer) override {
    bytes.clear();
    identity = identity_of(answer);
    if (answer.status == 206) {
      begin_part(answer);
    } else {
      whole = true;
      expected_.reset();
      if (const std::string* length = answer.find("content-length"))
        expected_ = whole_number(*length);
      if (expected_.value_or(0) > most_whole_bytes) throw no_ranges(name());
    }
  }

  bool take(std::span<const std::byte> content) override {
    const std::uint64_t most = whole ? most_whole_bytes : *expected_;
    if (whole && content.size() > most - bytes.size()) throw no_ranges(name());
    const std::size_t wanted =
        std::min<std::uint64_t>(content.size(), most - bytes.size());
    bytes.insert(bytes.end(), content.begin(),
                 content.begin() + static_cast<std::ptrdiff_t>(wanted));
    return wanted == content.size();
  }

  Verdict end(const HttpAnswer& answer) override {
    if (answer.status == 416) return end_empty(answer);
    if (!answer.brings_content()) return refused(file_, answer);
    if (expected_ && bytes.size() < *expected_) return Verdict::again;
    if (whole) size = bytes.size();
    return Verdict::done;
  }

  std::vector<std::byte> bytes;
  Identity identity;
  std::uint64_t size = 0;
  bool whole = false;  // bytes is all of it, from a server that knows no ranges

 private:
  void begin_part(const HttpAnswer& answer) {
    const ContentRange range = stated_range(answer, name());
    if (!range.size)
      throw failure(ErrorKind::unsupported,
                    "the server of '{}' does not say how long it is", name());
    if (range.offset != 0 || range.length > remote_head_bytes)
      throw failure(ErrorKind::corrupt_data,
                    "the server of '{}' brings other bytes than asked for", name());
    whole = false;
    size = *range.size;
    expected_ = std::min(size, remote_head_bytes);
  }

  // Nothing can be asked of an empty file.
  Verdict end_empty(const HttpAnswer& answer) {
    const std::string* text = answer.find("content-range");
    const auto range = text == nullptr ? std::nullopt : content_range(*text);
    if (!range || range->size.value_or(1) != 0) return refused(file_, answer);
    identity = identity_of(answer);
    whole = true;
    return Verdict::done;
  }

  const RemoteFile& file_;
  const Context& context_;
  std::optional<std::uint64_t> expected_;
};

// What the file was when it was opened.
struct Pinned {
  const RemoteFile& file;
  const Identity& identity;
  std::uint64_t size;

  Error conflict() const { return http_failure(412, file.name()); }
};

class RangeTask final : public HttpTask {
 public:
  RangeTask(const Pinned& pinned, RangeRequest range, const Context& context)
      : pinned_(pinned), range_(std::move(range)), context_(context) {}

  HttpRequest request() override {
    std::vector<std::string> headers{range_header(range_.offset, range_.end())};
    if (pinned_.identity.strong())
      headers.push_back("If-Match: " + pinned_.identity.etag);
    else if (!pinned_.identity.modified.empty())
      headers.push_back("If-Unmodified-Since: " + pinned_.identity.modified);
    return pinned_.file.get(std::move(headers), context_);
  }
  std::string name() const override { return pinned_.file.name(); }

  void begin(const HttpAnswer& answer) override {
    if (!pinned_.identity.agrees_with(identity_of(answer))) throw pinned_.conflict();
    whole_ = answer.status == 200;
    position_ = 0;
    if (whole_) {
      if (range_.end() > most_whole_bytes) throw no_ranges(name());
      const std::string* length = answer.find("content-length");
      if (length != nullptr && whole_number(*length).value_or(0) != pinned_.size)
        throw pinned_.conflict();
      return;
    }
    const ContentRange stated = stated_range(answer, name());
    if (stated.size.value_or(pinned_.size) != pinned_.size) throw pinned_.conflict();
    if (stated.offset != range_.offset || stated.length > range_.length)
      throw failure(ErrorKind::corrupt_data,
                    "the server of '{}' brings other bytes than asked for", name());
    position_ = stated.offset;
  }

  bool take(std::span<const std::byte> content) override {
    scatter(range_, position_, content);
    position_ += content.size();
    return position_ < range_.end() ||
           (position_ == range_.end() && (!whole_ || position_ == pinned_.size));
  }

  Verdict end(const HttpAnswer& answer) override {
    if (answer.status == 416) throw pinned_.conflict();  // it became shorter
    if (!answer.brings_content()) return refused(pinned_.file, answer);
    return position_ >= range_.end() ? Verdict::done : Verdict::again;
  }

 private:
  const Pinned& pinned_;
  const RangeRequest range_;
  const Context& context_;
  std::uint64_t position_ = 0;  // in the file, of the next byte that comes
  bool whole_ = false;          // the server ignored the range
};

class RemoteSource final : public ByteSource {
 public:
  RemoteSource(std::unique_ptr<const RemoteFile> file, HttpClient& client, HeadTask& head)
      : file_(std::move(file)),
        client_(client),
        identity_(std::move(head.identity)),
        size_(head.size),
        generation_(identity_.generation(size_)),
        head_(std::move(head.bytes)) {}

  std::uint64_t size() const override { return size_; }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return head_; }

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

std::optional<ContentRange> content_range(std::string_view text) {
  constexpr std::string_view unit = "bytes ";
  if (lower_case(text.substr(0, unit.size())) != unit) return std::nullopt;
  text = trimmed(text.substr(unit.size()));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, slash);
  const std::string_view of = text.substr(slash + 1);

  ContentRange range;
  range.size = whole_number(of);
  if (!range.size && of != "*") return std::nullopt;
  if (part == "*") return range.size ? std::optional{range} : std::nullopt;
  const std::size_t dash = std::min(part.find('-'), part.size());
  const auto first = whole_number(part.substr(0, dash));
  const auto last = whole_number(part.substr(std::min(dash + 1, part.size())));
  if (!first || !last || *last < *first || *last >= range.size.value_or(UINT64_MAX))
    return std::nullopt;
  range.offset = *first;
  range.length = *last - *first + 1;
  return range;
}

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
  return std::make_shared<const RemoteSource>(std::move(file), client, head);
}

}  // namespace terrazzo::io
