#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/s3_file.hpp"

namespace terrazzo::io {
namespace {

std::shared_ptr<const ByteSource> open(const std::string& uri, const Context& context) {
  return open_s3(uri, shared_s3_account(), context);
}

std::shared_ptr<const ByteSource> reopen(const std::string& uri, const std::string& pin) {
  return reopen_s3(uri, shared_s3_account(), pin);
}

}  // namespace

extern const ByteSourceKind byte_source_s3;
constinit const ByteSourceKind byte_source_s3{
    .name = "s3", .handles = is_s3, .open = open, .reopen = reopen};

}  // namespace terrazzo::io
