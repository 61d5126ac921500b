#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/remote_source.hpp"
#include "terrazzo/io/web_file.hpp"

namespace terrazzo::io {
namespace {

std::shared_ptr<const ByteSource> open(const std::string& uri, const Context& context) {
  return open_remote(web_file(uri), shared_http_client(), context);
}

std::shared_ptr<const ByteSource> reopen(const std::string& uri, const std::string& pin) {
  return reopen_remote(web_file(uri), shared_http_client(), pin);
}

}  // namespace

extern const ByteSourceKind byte_source_http;
constinit const ByteSourceKind byte_source_http{
    .name = "http", .handles = is_web, .open = open, .reopen = reopen};

}  // namespace terrazzo::io
