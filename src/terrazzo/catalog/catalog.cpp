#include "terrazzo/catalog/catalog.hpp"

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/catalog/sql_catalog.hpp"

namespace terrazzo::catalog {

const CatalogKind& catalog_kind(const std::string& uri) {
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

// A password may hold signs that have to be encoded but are not: all before the last @
// goes.
std::string shown_uri(std::string_view uri) {
  const auto mark = uri.find("://");
  if (mark == std::string_view::npos || uri.starts_with("sqlite:"))
    return std::string{uri};
  const auto start = mark + 3;
  const auto at = uri.rfind('@');
  const auto rest =
      uri.substr(at == std::string_view::npos || at < start ? start : at + 1);
  return std::string{uri.substr(0, start)}.append(rest.substr(0, rest.find('?')));
}

std::unique_ptr<Catalog> open_catalog(const std::string& uri,
                                      const OpenOptions& options) {
  return open_catalog(catalog_kind(uri), uri, options);
}

std::unique_ptr<Catalog> open_catalog(const CatalogKind& kind, const std::string& uri,
                                      const OpenOptions& options) {
  return sql_catalog(kind.pool(uri, options));
}

void create_catalog(const std::string& uri, const std::vector<KeyName>& keys) {
  check_key_names(keys);
  catalog_kind(uri).create(uri, keys);
}

bool replace_contents(const std::string& uri, const std::string& from) {
  return catalog_kind(uri).replace(uri, from);
}

std::unique_ptr<Journal> open_journal(const std::string& uri,
                                      const JournalOptions& options) {
  const CatalogKind& kind = catalog_kind(uri);
  if (kind.journal == nullptr)
    throw failure(ErrorKind::unsupported, "catalogues of kind '{}' keep no journal yet",
                  kind.name);
  return kind.journal(uri, options);
}

std::unique_ptr<Frames> open_frames(const std::string& uri, const OpenOptions& options) {
  const CatalogKind& kind = catalog_kind(uri);
  if (kind.frames == nullptr)
    throw failure(ErrorKind::unsupported, "catalogues of kind '{}' keep no frames yet",
                  kind.name);
  return kind.frames(uri, options);
}

}  // namespace terrazzo::catalog
