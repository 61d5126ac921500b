#include "terrazzo/io/web_file.hpp"

#include "terrazzo/base/text.hpp"

namespace terrazzo::io {
namespace {

// Blanks, control characters and bytes beyond ASCII as libcurl wants them.
std::string escaped(std::string_view url) {
  std::string out;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

class WebFile final : public RemoteFile {
 public:
  explicit WebFile(const std::string& url) : url_(escaped(url)) {}

  HttpRequest get(std::vector<std::string> headers,
                  const Context& /*context*/) const override {
    return {.url = url_, .headers = std::move(headers)};
  }

  std::string name() const override {
    const std::string path = shown_url(url_).substr(url_.find("://") + 3);
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos || slash + 1 == path.size()
               ? "/"
               : path.substr(slash + 1);
  }

  bool may_try_again(const HttpAnswer& /*answer*/) const override { return false; }

 private:
  const std::string url_;
};

}  // namespace

bool is_web(std::string_view uri) {
  const std::string scheme = lower_case(uri.substr(0, uri.find("://")));
  return uri.size() > scheme.size() && (scheme == "http" || scheme == "https");
}

std::unique_ptr<const RemoteFile> web_file(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (host_of(url).empty())
    throw invalid("'{}' names no server; a URL is like https://host/path",
                  shown_url(url));
  return std::make_unique<const WebFile>(lower_case(url.substr(0, scheme)) +
                                         url.substr(scheme));
}

}  // namespace terrazzo::io
