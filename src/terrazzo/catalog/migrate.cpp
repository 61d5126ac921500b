#include "terrazzo/catalog/migrate.hpp"

#include <filesystem>

#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/sql_pool.hpp"

namespace terrazzo::catalog {
namespace {

constexpr int oldest = 7;
constexpr int newest = 9;

std::string version_text(int minor) { return fmt::format("0.{}", minor); }

int minor_of(const std::string& version) {
  for (int minor = oldest; minor <= newest; ++minor)
    if (version == version_text(minor)) return minor;
  throw failure(ErrorKind::unsupported,
                "there is no migration to '{}', only to 0.8 and 0.9", version);
}

}  // namespace

Migration plan_migration(const std::string& uri, const std::string& to) {
  const int target = minor_of(to);
  const CatalogKind& kind = catalog_kind(uri);
  const int minor = kind.pool(uri, {.read_only = true})->schema().minor;
  if (target < minor)
    throw failure(ErrorKind::unsupported, "there is no way back from {} to {}",
                  version_text(minor), to);
  Migration plan{version_text(minor), to, {}};
  for (int next = minor + 1; next <= target; ++next)
    for (std::string& sql : kind.migration(next))
      plan.statements.push_back(std::move(sql));
  return plan;
}

void run_migration(const std::string& uri, const Migration& migration) {
  const auto pool = catalog_kind(uri).pool(uri, {});
  const SqlDialect& dialect = *pool->schema().dialect;
  const std::string label = std::filesystem::path{shown_uri(uri)}.filename();
  pool->write([&](SqlConnection& db) {
    const std::string found = version_text(read_schema(db, dialect, label).minor);
    if (found != migration.from)
      throw failure(ErrorKind::conflict, "'{}' has version {} by now, not {}", label,
                    found, migration.from);
    for (const std::string& sql : migration.statements) db.run(sql);
    if (version_text(read_schema(db, dialect, label).minor) != migration.to)
      throw failure(ErrorKind::internal, "the migration of '{}' did not reach {}", label,
                    migration.to);
  });
}

}  // namespace terrazzo::catalog
