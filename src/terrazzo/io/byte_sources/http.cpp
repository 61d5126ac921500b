#include "terrazzo/base/text.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/remote_source.hpp"
#include "terrazzo/io/web_file.hpp"

namespace terrazzo::io {
namespace {

bool handles(std::string_view uri) {
  const std::string scheme = lower_case(uri.substr(0, uri.find("://")));
  return uri.size() > scheme.size() && (scheme == "http" || scheme == "https");
}

std::shared_ptr<const ByteSource> open(const std::string& uri, const Context& context) {
  return open_remote(web_file(uri), shared_http_client(), context);
}

std::shared_ptr<const ByteSource> reopen(const std::string& uri, const std::string& pin) {
  return reopen_remote(web_file(uri), shared_http_client(), pin);
}

}  // namespace

extern const ByteSourceKind byte_source_http;
constinit const ByteSourceKind byte_source_http{
    .name = "http", .handles = handles, .open = open, .reopen = reopen};

}  // namespace terrazzo::io
