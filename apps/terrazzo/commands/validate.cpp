#include "command.hpp"
#include "options.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/formats/cog.hpp"

namespace terrazzo::app {
namespace {

struct Request {
  std::vector<std::string> files{};

  void fields(auto& f) {
    f("files", files, "Rasters, as paths or quoted shell patterns.", required());
  }
};

Json json_of(const std::string& path, const formats::CogReport& report) {
  return {{"path", path},
          {"valid", report.valid},
          {"errors", report.errors},
          {"warnings", report.warnings}};
}

std::string text_of(const std::string& path, const formats::CogReport& report) {
  auto text = fmt::format("{}: {}\n", path,
                          report.valid ? "a valid cloud-optimised GeoTIFF"
                                       : "not a valid cloud-optimised GeoTIFF");
  for (const auto& error : report.errors) text += fmt::format("  error: {}\n", error);
  for (const auto& warning : report.warnings)
    text += fmt::format("  warning: {}\n", warning);
  return text;
}

// As the shell pattern; a path that matches nothing is left to the validator to miss.
std::vector<std::string> paths_of(const Request& request) {
  std::vector<std::string> paths;
  for (const std::string& argument : request.files) {
    const auto found = files_like(argument);
    if (found.empty()) paths.push_back(argument);
    for (const auto& path : found) paths.push_back(path.string());
  }
  return paths;
}

// A file that cannot be opened is invalid too; its reason is the error.
formats::CogReport report_of(const std::string& path) {
  try {
    return formats::validate_cog(path);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::corrupt_data && e.kind() != ErrorKind::unsupported) throw;
    return {.errors = {e.message()}};
  }
}

int run(const Request& request, const Session& session) {
  Json reports = Json::array();
  std::string text;
  bool all_valid = true;
  for (const std::string& path : paths_of(request)) {
    const auto report = report_of(path);
    all_valid = all_valid && report.valid;
    reports.push_back(json_of(path, report));
    text += text_of(path, report);
  }
  text.pop_back();
  session.result(reports, text);
  return all_valid ? 0 : error_facts(ErrorKind::corrupt_data).exit_code;
}

Run declare(CLI::App& app) {
  const auto options = options_of<Request>(app, "validate", {{"files", "files"}});
  return [options](const Session& session) {
    return run(options->read<Request>(), session);
  };
}

}  // namespace

extern const CommandKind command_validate;
constinit const CommandKind command_validate{
    "validate", "Tell whether files are cloud-optimised GeoTIFFs, and why not.", declare};

}  // namespace terrazzo::app
