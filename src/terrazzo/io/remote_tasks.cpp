#include "terrazzo/io/remote_tasks.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "terrazzo/base/text.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_etag = 1024;
constexpr const char* plainly = "Accept-Encoding: identity";

std::string header_of(const HttpAnswer& answer, std::string_view name) {
  const std::string* value = answer.find(name);
  return value == nullptr || value->size() > most_etag ? std::string{} : *value;
}

Identity identity_of(const HttpAnswer& answer) {
  return {.etag = header_of(answer, "etag"),
          .modified = header_of(answer, "last-modified")};
}

std::string range_header(std::uint64_t offset, std::uint64_t end) {
  return fmt::format("Range: bytes={}-{}", offset, end - 1);
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

// Parts of a compressed file cannot be put together.
// Throws unsupported.
void check_encoding(const HttpAnswer& answer, std::string_view name) {
  const std::string* encoding = answer.find("content-encoding");
  if (encoding == nullptr || encoding->empty() || *encoding == "identity") return;
  throw failure(ErrorKind::unsupported,
                "the server of '{}' sends it compressed ({}), though it was not asked to",
                name, shown(*encoding, 20));
}

Error no_ranges(std::string_view name) {
  return failure(ErrorKind::unsupported,
                 "the server of '{}' knows no ranges, and more than {} MiB are not read "
                 "without them",
                 name, most_whole_bytes >> 20U);
}

}  // namespace

bool Identity::agrees_with(const Identity& other) const {
  if (!etag.empty() && !other.etag.empty()) return etag == other.etag;
  return modified.empty() || other.modified.empty() || modified == other.modified;
}

std::string Identity::generation(std::uint64_t size) const {
  if (!etag.empty()) return etag;
  if (!modified.empty()) return fmt::format("{} {}", size, modified);
  static std::atomic<std::uint64_t> last_number{0};
  return fmt::format("{} seen {}.{}", size, ::getpid(), ++last_number);
}

std::string Pin::text() const {
  if (!identity.strong()) return {};
  return fmt::format("{}\n{}\n{}", identity.etag, identity.modified, size);
}

Pin pin_of(std::string_view text) {
  const auto parts = split(text, '\n');
  const auto size = parts.size() == 3 ? whole_number(parts[2]) : std::nullopt;
  if (!size) throw failure(ErrorKind::corrupt_data, "a file is pinned to nothing");
  Pin pin{{.etag = std::string{parts[0]}, .modified = std::string{parts[1]}}, *size};
  if (!pin.identity.strong())
    throw failure(ErrorKind::corrupt_data, "a file is pinned to nothing");
  return pin;
}

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

HttpRequest HeadTask::request() {
  std::vector<std::string> headers{plainly};
  if (!known_empty_) headers.push_back(range_header(0, most_));
  return file_.get(std::move(headers), context_);
}

void HeadTask::begin(const HttpAnswer& answer) {
  check_encoding(answer, name());
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

bool HeadTask::take(std::span<const std::byte> content) {
  const std::uint64_t most = whole ? most_whole_bytes : *expected_;
  if (whole && content.size() > most - bytes.size()) throw no_ranges(name());
  const std::size_t wanted = std::min<std::uint64_t>(content.size(), most - bytes.size());
  bytes.insert(bytes.end(), content.begin(),
               content.begin() + static_cast<std::ptrdiff_t>(wanted));
  return wanted == content.size();
}

HttpTask::Verdict HeadTask::end(const HttpAnswer& answer) {
  if (answer.status == 416) return end_empty(answer);
  if (!answer.brings_content()) return refused(file_, answer);
  if (expected_ && bytes.size() < *expected_) return Verdict::again;
  if (whole) size = bytes.size();
  return Verdict::done;
}

void HeadTask::begin_part(const HttpAnswer& answer) {
  const ContentRange range = stated_range(answer, name());
  if (!range.size)
    throw failure(ErrorKind::unsupported,
                  "the server of '{}' does not say how long it is", name());
  if (range.offset != 0 || range.length > most_)
    throw failure(ErrorKind::corrupt_data,
                  "the server of '{}' brings other bytes than asked for", name());
  whole = false;
  size = *range.size;
  expected_ = std::min(size, most_);
}

// No range can be asked of an empty file; S3 says its ETag only if none is.
HttpTask::Verdict HeadTask::end_empty(const HttpAnswer& answer) {
  if (known_empty_) return refused(file_, answer);
  const std::string* text = answer.find("content-range");
  const auto range = text == nullptr ? std::nullopt : content_range(*text);
  identity = identity_of(answer);
  known_empty_ = true;
  if (!range || range->size != 0 || identity.etag.empty()) return Verdict::again;
  whole = true;
  return Verdict::done;
}

HttpRequest RangeTask::request() {
  std::vector<std::string> headers{range_header(range_.offset, range_.end()), plainly};
  if (pinned_.identity.strong())
    headers.push_back("If-Match: " + pinned_.identity.etag);
  else if (!pinned_.identity.modified.empty())
    headers.push_back("If-Unmodified-Since: " + pinned_.identity.modified);
  return pinned_.file.get(std::move(headers), context_);
}

void RangeTask::begin(const HttpAnswer& answer) {
  check_encoding(answer, name());
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

bool RangeTask::take(std::span<const std::byte> content) {
  scatter(range_, position_, content);
  position_ += content.size();
  return position_ < range_.end() ||
         (position_ == range_.end() && (!whole_ || position_ == pinned_.size));
}

HttpTask::Verdict RangeTask::end(const HttpAnswer& answer) {
  if (answer.status == 416) throw pinned_.conflict();  // it became shorter
  if (!answer.brings_content()) return refused(pinned_.file, answer);
  return position_ >= range_.end() ? Verdict::done : Verdict::again;
}

}  // namespace terrazzo::io
