#pragma once
// An object of S3 that is made of parts.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/s3_call.hpp"
#include "terrazzo/io/s3_store.hpp"

namespace terrazzo::io {

using S3Headers = std::vector<std::pair<std::string, std::string>>;

// What came of a request that makes an object.
struct S3Outcome {
  int status = 0;      // 200; or a refusal that was allowed
  std::string etag{};  // of a 200
};

// Of a request that copies: what, and only if it has that ETag.
S3Headers s3_copy_headers(const S3Name& original, const std::string& etag);

// The key changes with complete() only. Unless it does, the parts are given up when the
// upload goes, so that nobody pays for them. One thread at a time.
// All functions throw as S3Call; `account` and `context` must outlive it.
class S3Upload {
 public:
  // Begins it, with the headers of the object to be.
  S3Upload(S3Account& account, S3Name name, S3Headers headers,
           const S3StoreLimits& limits, const Context& context);
  ~S3Upload();
  S3Upload(const S3Upload&) = delete;
  S3Upload& operator=(const S3Upload&) = delete;

  // All of `content`, many parts at the same time. Parts are as the limits say, or larger
  // if there would be more of them than S3 takes.
  void put_parts(const ByteSource& content);

  struct Original {
    S3Name name;
    std::uint64_t size;  // at least 1
    std::string etag;
  };
  // The same of an object, by the server itself. Throws conflict: it has another ETag.
  void copy_parts(const Original& original);

  // Makes the object of the parts if the conditions (plain headers) hold. 404: the server
  // knows the upload no more; 412.
  S3Outcome complete(std::vector<std::string> conditions);

 private:
  S3Work work_for(std::size_t part) const;
  void run(std::deque<S3Call>& calls) const;
  void give_up() noexcept;

  S3Account& account_;
  const S3Name name_;
  const S3StoreLimits limits_;
  const Context& context_;
  std::string id_;
  std::vector<std::string> etags_;
  bool done_ = false;
};

}  // namespace terrazzo::io
