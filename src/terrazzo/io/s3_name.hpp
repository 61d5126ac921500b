#pragma once
// s3://bucket/key, whose bytes stand for themselves.

#include <string>
#include <string_view>

namespace terrazzo::io {

struct S3Name {
  std::string bucket;
  std::string key{};

  std::string uri() const { return "s3://" + bucket + '/' + key; }
  std::string last_part() const;  // of the key, for messages
};

bool is_s3(std::string_view uri);

// Throws invalid_input: it is no s3://bucket/key.
S3Name s3_name(std::string_view uri);

// The start of names: the key may be empty, and be missing with its slash.
// Throws invalid_input: it is no s3://bucket.
S3Name s3_prefix(std::string_view uri);

}  // namespace terrazzo::io
