#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/s3_file.hpp"

namespace terrazzo::io {
namespace {

// Of the whole process, as its environment is. What the first caller reads stays.
const std::shared_ptr<S3Account>& process_account() {
  static const auto account =
      std::make_shared<S3Account>(process_environment(), shared_http_client());
  return account;
}

bool handles(std::string_view uri) { return uri.starts_with("s3://"); }

std::shared_ptr<const ByteSource> open(const std::string& uri, const Context& context) {
  return open_s3(uri, process_account(), context);
}

std::shared_ptr<const ByteSource> reopen(const std::string& uri, const std::string& pin) {
  return reopen_s3(uri, process_account(), pin);
}

}  // namespace

extern const ByteSourceKind byte_source_s3;
constinit const ByteSourceKind byte_source_s3{
    .name = "s3", .handles = handles, .open = open, .reopen = reopen};

}  // namespace terrazzo::io
