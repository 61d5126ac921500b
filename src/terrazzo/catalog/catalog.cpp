#include "terrazzo/catalog/catalog.hpp"

#include "terrazzo/catalog/rules.hpp"

namespace terrazzo::catalog {
namespace {

const CatalogKind& kind_of(const std::string& uri) {
  std::vector<std::string_view> names;
  for (const CatalogKind* kind : catalog_kinds()) {
    if (kind->opens(uri)) return *kind;
    names.push_back(kind->name);
  }
  // Only the scheme: the rest may hold a password.
  throw failure(ErrorKind::unsupported,
                "no kind of catalogue opens '{}:' URIs; there are: {}",
                uri.substr(0, uri.find(':')), fmt::join(names, ", "));
}

}  // namespace

std::unique_ptr<Catalog> open_catalog(const std::string& uri,
                                      const OpenOptions& options) {
  return kind_of(uri).open(uri, options);
}

void create_catalog(const std::string& uri, const std::vector<KeyName>& keys) {
  check_key_names(keys);
  kind_of(uri).create(uri, keys);
}

bool replace_contents(const std::string& uri, const std::string& from) {
  return kind_of(uri).replace(uri, from);
}

}  // namespace terrazzo::catalog
