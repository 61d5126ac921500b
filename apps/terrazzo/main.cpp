// The command line: finds the command, has its options parsed, runs it, and turns
// errors into one sentence and an exit code.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::app {
namespace {

constexpr std::string_view about =
    "Terrazzo catalogues rasters, optimises them and serves them as maps.";

// Options that every command has, so they may stand before it or after it.
void add_common(CLI::App& app, Session& session) {
  app.add_option("-c,--config", session.config, "TOML file with settings.")
      ->type_name("FILE");
  app.add_option("--loglevel", session.loglevel, "Least severity that is logged.")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "critical"}));
  app.add_flag("--json", session.json, "Print the result as JSON.");
  app.add_flag("-q,--quiet", session.quiet, "Print nothing but errors.");
}

// Throws invalid_input if the word is no command, with the one that was meant.
void check_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const CommandKind* kind : command_kinds()) names.push_back(kind->name);
  if (std::ranges::find(names, word) != names.end()) return;
  if (const auto meant = likely(word, names); !meant.empty())
    throw invalid("no command is called '{}'; did you mean '{}'?", word, meant);
  throw invalid("no command is called '{}'; there are: {}", word, fmt::join(names, ", "));
}

// The first word that is neither an option nor the value of one; empty: none.
std::string_view command_word(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "-c" || word == "--config" || word == "--loglevel")
      ++i;
    else if (!word.starts_with('-'))
      return word;
  }
  return {};
}

int report(const Session& session, const Error& e) {
  const ErrorFacts& facts = error_facts(e.kind());
  if (session.json)
    fmt::print("{}\n",
               Json{{"error", {{"kind", facts.name}, {"message", e.message()}}}}.dump(
                   2, ' ', false, Json::error_handler_t::replace));
  fmt::print(stderr, "error: {}\n", e.message());
  log::debug("the command failed", {{"reason", e.what()}});
  return facts.exit_code;
}

int parse_and_run(int count, char** words, Session& session) {
  CLI::App app{std::string{about}, "terrazzo"};
  app.set_version_flag("--version", "terrazzo " TERRAZZO_VERSION);
  app.require_subcommand(0, 1);
  add_common(app, session);
  Run run;
  for (const CommandKind* kind : command_kinds()) {
    CLI::App* part =
        app.add_subcommand(std::string{kind->name}, std::string{kind->summary});
    const Run does = kind->declare(*part);
    add_common(*part, session);
    part->final_callback([&run, does] { run = does; });
  }
  try {
    app.parse(count, words);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    throw invalid("{}", e.what());
  }
  if (!session.loglevel.empty())
    log::configure(log::level_from(session.loglevel), log::Format::plain);
  if (run) return run(session);
  fmt::print("{}", app.help());
  return 0;
}

int main_with_errors(int count, char** words) {
  Session session;
  session.json =
      std::find(words, words + count, std::string_view{"--json"}) != words + count;
  try {
    if (const auto word = command_word(count, words); !word.empty()) check_command(word);
    return parse_and_run(count, words, session);
  } catch (const Error& e) {
    return report(session, e);
  } catch (const std::filesystem::filesystem_error& e) {
    return report(session, file_failure(e.code().value(), "used", e.path1()));
  } catch (const std::exception& e) {
    return report(session, failure(ErrorKind::internal, "something broke: {}", e.what()));
  }
}

}  // namespace
}  // namespace terrazzo::app

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  return terrazzo::app::main_with_errors(count, words);
}
