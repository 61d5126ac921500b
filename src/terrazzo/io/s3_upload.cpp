#include "terrazzo/io/s3_upload.hpp"

#include <algorithm>

#include "terrazzo/base/log.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/io/s3_answers.hpp"
#include "terrazzo/io/s3_signer.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint64_t most_parts = 10'000;
constexpr std::chrono::seconds giving_up{15};

struct Stretch {
  std::uint64_t offset;
  std::uint64_t length;
};

std::vector<Stretch> stretches(std::uint64_t size, std::uint64_t part_bytes) {
  const std::uint64_t least = (size + most_parts - 1) / most_parts;
  const std::uint64_t length = std::max({part_bytes, least, std::uint64_t{1}});
  std::vector<Stretch> out;
  for (std::uint64_t offset = 0; offset < size; offset += length)
    out.push_back({offset, std::min(length, size - offset)});
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

std::string list_of(const std::vector<std::string>& etags) {
  std::string xml =
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < etags.size(); ++i)
    xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                       escaped(etags[i]));
  return xml + "</CompleteMultipartUpload>";
}

}  // namespace

S3Upload::S3Upload(S3Account& account, S3Name name, S3Headers headers,
                   const S3StoreLimits& limits, const Context& context)
    : account_(account), name_(std::move(name)), limits_(limits), context_(context) {
  S3Call call{account_,
              {.request = {.method = "POST",
                           .name = name_,
                           .query = {{"uploads", ""}},
                           .headers = std::move(headers)},
               .doing = "written"},
              context_};
  call.run();
  id_ = s3_upload_id(call.answer().text);
}

S3Upload::~S3Upload() {
  if (!done_) give_up();
}

// With time of its own: what ended the upload may be that the caller has none left.
void S3Upload::give_up() noexcept {
  try {
    const Context context{.deadline = Context::Clock::now() + giving_up};
    S3Call call{
        account_,
        {.request = {.method = "DELETE", .name = name_, .query = {{"uploadId", id_}}},
         .doing = "given up",
         .allowed = {404}},
        context};
    call.run();
  } catch (const std::exception& e) {
    log::warning("the parts of an upload that failed stay on the server",
                 {{"object", name_.uri()}, {"upload", id_}, {"reason", e.what()}});
  }
}

S3Work S3Upload::work_for(std::size_t part) const {
  return {
      .request = {.method = "PUT",
                  .name = name_,
                  .query = {{"partNumber", std::to_string(part + 1)}, {"uploadId", id_}}},
      .doing = "written",
      .patience = limits_.put_patience};
}

void S3Upload::run(std::deque<S3Call>& calls) const {
  std::vector<HttpTask*> tasks;
  for (S3Call& call : calls) tasks.push_back(&call);
  account_.client().run(tasks, context_);
}

void S3Upload::put_parts(const ByteSource& content) {
  std::deque<S3Call> calls;
  for (const auto& [offset, length] : stretches(content.size(), limits_.put_part)) {
    S3Work work = work_for(calls.size());
    work.content = &content;
    work.offset = offset;
    work.length = length;
    calls.emplace_back(account_, std::move(work), context_);
  }
  run(calls);
  for (const S3Call& call : calls) {
    const std::string* etag = call.answer().find("etag");
    if (etag == nullptr)
      throw failure(ErrorKind::corrupt_data, "the answer of S3 about a part has no ETag");
    etags_.push_back(*etag);
  }
}

void S3Upload::copy_parts(const Original& original) {
  std::deque<S3Call> calls;
  for (const auto& [offset, length] : stretches(original.size, limits_.copy_part)) {
    S3Work work = work_for(calls.size());
    work.request.headers = s3_copy_headers(original.name, original.etag);
    work.request.headers.emplace_back(
        "x-amz-copy-source-range",
        fmt::format("bytes={}-{}", offset, offset + length - 1));
    work.patience = limits_.work_patience;
    calls.emplace_back(account_, std::move(work), context_);
  }
  run(calls);
  for (const S3Call& call : calls) etags_.push_back(s3_result_etag(call.answer().text));
}

S3Outcome S3Upload::complete(std::vector<std::string> conditions) {
  S3Call call{account_,
              {.request = {.method = "POST",
                           .name = name_,
                           .query = {{"uploadId", id_}},
                           .plain_headers = std::move(conditions)},
               .doing = "written",
               .text = list_of(etags_),
               .allowed = {404, 412},
               .patience = limits_.work_patience},
              context_};
  call.run();
  done_ = call.status() != 412;
  return {.status = call.status(),
          .etag = call.status() == 200 ? s3_result_etag(call.answer().text) : ""};
}

S3Headers s3_copy_headers(const S3Name& original, const std::string& etag) {
  return {{"x-amz-copy-source",
           fmt::format("/{}/{}", original.bucket, uri_encoded(original.key, true))},
          {"x-amz-copy-source-if-match", etag}};
}

}  // namespace terrazzo::io
