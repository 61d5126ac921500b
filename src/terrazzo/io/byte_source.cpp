#include "terrazzo/io/byte_source.hpp"

#include <vector>

#include "terrazzo/base/text.hpp"

namespace terrazzo::io {
namespace {

Error unknown_kind(std::string_view uri) {
  std::vector<std::string_view> names;
  for (const ByteSourceKind* kind : byte_source_kinds()) names.push_back(kind->name);
  const std::size_t colon = uri.find("://");
  Error error = failure(
      ErrorKind::unsupported, "no {} reads '{}'; there are: {}", ByteSourceKind::what,
      colon == std::string_view::npos ? shown(uri.substr(0, uri.find('/', 1)))
                                      : shown(uri.substr(0, colon + 3)),
      fmt::join(names, ", "));
  return error;
}

}  // namespace

std::shared_ptr<const ByteSource> reopen_bytes(const std::string& uri,
                                               const std::string& pin) {
  for (const ByteSourceKind* kind : byte_source_kinds())
    if (kind->handles(uri) && kind->reopen != nullptr) return kind->reopen(uri, pin);
  throw failure(ErrorKind::unsupported, "'{}' cannot be reopened", shown(uri));
}

std::optional<std::string> local_path(const std::string& uri) {
  constexpr std::string_view scheme = "file://";
  if (uri.starts_with(scheme)) return uri.substr(scheme.size());
  return uri.find("://") == std::string::npos ? std::optional{uri} : std::nullopt;
}

std::shared_ptr<const ByteSource> open_bytes(const std::string& uri,
                                             const Context& context) {
  if (uri.empty()) throw invalid("a file needs a path or a URL");
  if (uri.find('\0') != std::string::npos)
    throw invalid("a path cannot hold a NUL character");
  context.check();
  for (const ByteSourceKind* kind : byte_source_kinds())
    if (kind->handles(uri)) return kind->open(uri, context);
  throw unknown_kind(uri);
}

}  // namespace terrazzo::io
