#pragma once
// One request to S3 until it is answered: tried again where that may help.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/s3_account.hpp"

namespace terrazzo::io {

struct S3Work {
  S3Request request;
  std::string_view doing;  // "written", "listed", …, for messages

  // The body: a stretch of a source, which must outlive the work, or a text.
  const ByteSource* content = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string text{};

  std::vector<int> allowed{};             // refusals that are an answer, as 404
  std::chrono::milliseconds patience{0};  // see HttpRequest
};

// Throws (the run it is part of) as s3_failure() for a refusal that is not allowed;
// NoSuchBucket never is. too_large: an answer of more than 16 MiB. What the content
// throws.
class S3Call final : public HttpTask {
 public:
  // `account` and `context` must outlive it.
  S3Call(S3Account& account, S3Work work, const Context& context)
      : account_(account), work_(std::move(work)), context_(context) {}

  HttpRequest request() override;
  void give(std::uint64_t offset, std::span<std::byte> to) override;
  void begin(const HttpAnswer& answer) override;
  bool take(std::span<const std::byte> content) override;
  Verdict end(const HttpAnswer& answer) override;
  std::string name() const override;

  // Of a finished run, with the whole body.
  const HttpAnswer& answer() const noexcept { return answer_; }
  int status() const noexcept { return answer_.status; }

  void run() {
    HttpTask* const tasks[] = {this};
    account_.client().run(tasks, context_);
  }

 private:
  S3Account& account_;
  S3Work work_;
  const Context& context_;
  std::string text_;
  HttpAnswer answer_;
};

}  // namespace terrazzo::io
