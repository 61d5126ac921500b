#include <cstdio>

#include "command.hpp"
#include "options.hpp"
#include "settings.hpp"
#include "terminal.hpp"
#include "terrazzo/catalog/migrate.hpp"

namespace terrazzo::app {
namespace {

struct Request {
  std::string database{};
  std::string from{};
  std::string to = "0.9";
  bool yes = false;

  void fields(auto& f) {
    f("database", database, "The database of Terracotta: a path or URL.", required());
    f("from", from, "The version it must have; if not told, the one it says it has.");
    f("to", to, "The version it gets.");
    f("yes", yes, "Do not ask.");
  }
};

Json json_of(const catalog::Migration& plan, bool done) {
  return {{"from", plan.from},
          {"to", plan.to},
          {"statements", plan.statements},
          {"done", done}};
}

int run(const Request& request, const Session& session) {
  const std::string uri = with_login(session, request.database);
  const auto plan = catalog::plan_migration(uri, request.to);
  if (!request.from.empty() && request.from != plan.from)
    throw invalid("the database has version {}, not {}", plan.from, request.from);
  if (plan.statements.empty()) {
    session.result(json_of(plan, false), "Already at target version, nothing to do.");
    return 0;
  }
  if (!session.quiet && !session.json)
    fmt::print("Migration from {} to {}:\n  {}\n", plan.from, plan.to,
               fmt::join(plan.statements, "\n  "));
  std::fflush(stdout);
  if (!request.yes && !confirmed("Change the database? Make a copy first."))
    throw failure(ErrorKind::cancelled, "nothing was changed");
  catalog::run_migration(uri, plan);
  session.result(json_of(plan, true),
                 fmt::format("The database is at version {}.", plan.to));
  return 0;
}

Run declare(CLI::App& app) {
  const auto options = options_of<Request>(
      app, "migrate", {{"database", "database"}, {"yes", "-y,--yes"}});
  return [options](const Session& session) {
    return run(options->read<Request>(), session);
  };
}

}  // namespace

extern const CommandKind command_migrate;
constinit const CommandKind command_migrate{
    "migrate", "Bring a database of an older Terracotta to a newer version.", declare};

}  // namespace terrazzo::app
