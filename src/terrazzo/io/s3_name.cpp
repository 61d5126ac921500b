#include "terrazzo/io/s3_name.hpp"

#include <algorithm>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::io {
namespace {

constexpr std::string_view scheme = "s3://";
constexpr std::size_t most_key_bytes = 1024;

}  // namespace

std::string S3Name::last_part() const {
  return shown(std::string_view{key}.substr(key.rfind('/') + 1));
}

bool is_s3(std::string_view uri) { return uri.starts_with(scheme); }

S3Name s3_name(std::string_view uri) {
  S3Name name = s3_prefix(uri);
  if (name.key.empty())
    throw invalid("an S3 key has 1 to {} bytes, not 0; right is s3://bucket/key",
                  most_key_bytes);
  return name;
}

S3Name s3_prefix(std::string_view uri) {
  if (!is_s3(uri)) throw invalid("'{}' is no s3://bucket/key", shown(uri));
  uri.remove_prefix(scheme.size());
  const std::size_t slash = std::min(uri.find('/'), uri.size());
  S3Name name{std::string{uri.substr(0, slash)},
              std::string{uri.substr(std::min(slash + 1, uri.size()))}};
  const bool is_name = std::ranges::all_of(name.bucket, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '-' || c == '_';
  });
  if (name.bucket.empty() || name.bucket.size() > 255 || !is_name)
    throw invalid("'{}' is no bucket; right is s3://bucket/key", shown(name.bucket));
  if (name.key.size() > most_key_bytes)
    throw invalid("an S3 key has 1 to {} bytes, not {}; right is s3://bucket/key",
                  most_key_bytes, name.key.size());
  return name;
}

}  // namespace terrazzo::io
