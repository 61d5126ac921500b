#include "terrazzo/io/s3_call.hpp"

#include <algorithm>
#include <array>

#include "terrazzo/io/s3_answers.hpp"
#include "terrazzo/io/s3_signer.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_answer = 16U << 20U;

// Does S3 ask for the same again, though not by the status?
bool is_passing(std::string_view code) {
  constexpr std::array<std::string_view, 6> codes{
      "InternalError",  "SlowDown",         "ServiceUnavailable",
      "RequestTimeout", "OperationAborted", "ConditionalRequestConflict"};
  return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

HttpRequest S3Call::request() {
  std::string& hash = work_.request.payload_sha256;
  if (hash.empty() && !work_.text.empty()) hash = sha256_hex(work_.text);
  if (hash.empty() && work_.content != nullptr)
    hash = account_.hashes_bodies()
               ? sha256_hex(work_.length, [&](auto offset, auto to) { give(offset, to); })
               : unsigned_payload;
  HttpRequest request = account_.request(work_.request, context_);
  request.patience = work_.patience;
  if (work_.content != nullptr) {
    request.upload = work_.length;
  } else if (work_.request.method != "GET") {
    request.body = work_.text;
    request.headers.push_back(work_.text.empty() ? "Content-Type:"
                                                 : "Content-Type: application/xml");
  }
  return request;
}

void S3Call::give(std::uint64_t offset, std::span<std::byte> to) {
  const Piece piece{work_.offset + offset, to};
  work_.content->read({&piece, 1}, context_);
}

void S3Call::begin(const HttpAnswer& /*answer*/) { text_.clear(); }

bool S3Call::take(std::span<const std::byte> content) {
  if (content.size() > most_answer - text_.size())
    throw failure(ErrorKind::too_large,
                  "the answer of S3 about '{}' has more than {} MiB", name(),
                  most_answer >> 20U);
  text_.append(reinterpret_cast<const char*>(content.data()), content.size());
  return true;
}

HttpTask::Verdict S3Call::end(const HttpAnswer& answer) {
  answer_ = answer;
  if (answer.brings_content()) answer_.text = std::move(text_);
  const std::string code = s3_error_code(answer_);
  if (is_passing(code)) return Verdict::again;
  const bool allowed =
      std::ranges::find(work_.allowed, answer_.status) != work_.allowed.end();
  if (allowed && code != "NoSuchBucket") return Verdict::done;
  if (code.empty() && answer_.status / 100 == 2) return Verdict::done;
  if (account_.learns_from(work_.request.name.bucket, answer_)) return Verdict::again;
  throw s3_failure(answer_, work_.request.name, work_.doing);
}

std::string S3Call::name() const {
  const S3Name& name = work_.request.name;
  return name.key.empty() ? name.bucket : name.last_part();
}

}  // namespace terrazzo::io
