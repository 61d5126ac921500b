#include "terrazzo/catalog/migrate.hpp"

#include <array>
#include <filesystem>

#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"

namespace terrazzo::catalog {
namespace {

constexpr int oldest = 7;

struct Step {
  int to;  // from the minor version below it
  std::vector<std::string> statements;
};

const std::array<Step, 2>& steps() {
  static const std::array<Step, 2> all{
      Step{8,
           {"CREATE TABLE key_names (key_name VARCHAR(256) NOT NULL, "
            "description VARCHAR(8000), idx INTEGER, PRIMARY KEY (key_name), UNIQUE "
            "(idx))",
            "INSERT INTO key_names SELECT \"key\", description, "
            "row_number() OVER (ORDER BY rowid) - 1 FROM \"keys\"",
            "DROP TABLE \"keys\"", "ALTER TABLE datasets RENAME COLUMN filepath TO path",
            "UPDATE terracotta SET version = '0.8.0'"}},
      // 0.9 made the numbers double-precision, which SQLite's always were.
      Step{9, {"UPDATE terracotta SET version = '0.9.0'"}},
  };
  return all;
}

std::string version_text(int minor) { return fmt::format("0.{}", minor); }

int minor_of(const std::string& version) {
  for (int minor = oldest; minor <= steps().back().to; ++minor)
    if (version == version_text(minor)) return minor;
  throw failure(ErrorKind::unsupported,
                "there is no migration to '{}', only to 0.8 and 0.9", version);
}

std::string label_of(const std::string& path) {
  return std::filesystem::path(path).filename();
}

}  // namespace

Migration plan_migration(const std::string& uri, const std::string& to) {
  const int target = minor_of(to);
  const SqlitePool database{sqlite_path(uri), {.read_only = true}};
  const int minor = database.schema().minor;
  if (target < minor)
    throw failure(ErrorKind::unsupported, "there is no way back from {} to {}",
                  version_text(minor), to);
  Migration plan{version_text(minor), to, {}};
  for (const Step& step : steps())
    if (step.to > minor && step.to <= target)
      plan.statements.insert(plan.statements.end(), step.statements.begin(),
                             step.statements.end());
  return plan;
}

void run_migration(const std::string& uri, const Migration& migration) {
  const std::string path = sqlite_path(uri);
  const std::string label = label_of(path);
  {
    const SqlitePool checked{path, {.read_only = true}};
  }
  SqliteConnection db{path, false, OpenOptions{}.timeout_seconds};
  if (db.read_only())
    throw failure(ErrorKind::denied, "the catalogue '{}' is read-only", label);
  SqliteTransaction transaction{db};
  const std::string found = version_text(read_schema(db, label).minor);
  if (found != migration.from)
    throw failure(ErrorKind::conflict, "'{}' has version {} by now, not {}", label, found,
                  migration.from);
  for (const std::string& sql : migration.statements) db.run(sql);
  if (version_text(read_schema(db, label).minor) != migration.to)
    throw failure(ErrorKind::internal, "the migration of '{}' did not reach {}", label,
                  migration.to);
  transaction.commit();
}

}  // namespace terrazzo::catalog
