#pragma once
// A command is a verb of the command line. To add one, put one file into commands/:
// see commands/validate.cpp.

#include <functional>
#include <string>
#include <string_view>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/kinds.hpp"

namespace CLI {
class App;
}

namespace terrazzo::app {

// What every command is told and how it answers.
struct Session {
  std::string config{};    // path of a TOML file of settings; may be empty
  std::string loglevel{};  // may be empty
  bool json = false;       // the result goes out as JSON
  bool quiet = false;      // nothing but the result and errors

  // The result of the command: one JSON document with --json, else the text unless -q.
  void result(const Json& json_form, std::string_view text) const;
};

// Does the command once its options are parsed; returns the exit code.
// May throw Error: "error: message" and the exit code of its kind.
using Run = std::function<int(const Session&)>;

struct CommandKind {
  static constexpr std::string_view what = "command";
  std::string_view name;     // "optimize-rasters"
  std::string_view summary;  // one sentence
  // Adds the options of the command to its part of the command line.
  Run (*declare)(CLI::App& app);
};

// One row for each file of commands/.
Kinds<CommandKind> command_kinds();

}  // namespace terrazzo::app
