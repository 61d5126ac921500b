#include "command.hpp"
#include "options.hpp"
#include "terminal.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/io/compare.hpp"

namespace terrazzo::app {
namespace {

struct Request {
  std::vector<std::string> files{};
  std::string against{};

  void fields(auto& f) {
    f("files", files, "Rasters, as paths or quoted shell patterns.", required());
    f("against", against,
      "A raster that they were made from: tells how their pixels differ from its own.");
  }
};

struct Finding {
  formats::CogReport report{};
  std::optional<io::PixelComparison> pixels{};
};

Json json_of(const std::string& path, const Finding& finding) {
  const auto& [report, pixels] = finding;
  Json json{{"path", path},
            {"valid", report.valid},
            {"errors", report.errors},
            {"warnings", report.warnings}};
  if (pixels)
    json["pixels"] = {{"differing", pixels->differing},
                      {"max_difference", pixels->max_difference},
                      {"hidden_differently", pixels->hidden_differently}};
  return json;
}

std::string text_of(const io::PixelComparison& pixels) {
  if (pixels.differing == 0 && pixels.hidden_differently == 0)
    return "  its pixels are those it was made from\n";
  return fmt::format(
      "  {} values differ, by {} at most; {} are missing in one of the two\n",
      pixels.differing, pixels.max_difference, pixels.hidden_differently);
}

std::string text_of(const std::string& path, const Finding& finding) {
  const auto& [report, pixels] = finding;
  auto text = fmt::format("{}: {}\n", path,
                          report.valid ? "a valid cloud-optimised GeoTIFF"
                                       : "not a valid cloud-optimised GeoTIFF");
  for (const auto& error : report.errors) text += fmt::format("  error: {}\n", error);
  for (const auto& warning : report.warnings)
    text += fmt::format("  warning: {}\n", warning);
  if (pixels) text += text_of(*pixels);
  return text;
}

struct Findings {
  Json reports = Json::array();
  std::string text{};
  std::vector<jobs::Failure> failures{};  // files that are not valid, whatever the reason
};

void add(Findings& findings, const std::string& path, const Finding& finding,
         ErrorKind kind = ErrorKind::corrupt_data) {
  findings.reports.push_back(json_of(path, finding));
  findings.text += text_of(path, finding);
  if (!finding.report.valid) findings.failures.push_back({path, kind, ""});
}

void add(Findings& findings, const std::string& path, const Error& error) {
  add(findings, path, {.report = {.errors = {error.message()}}}, error.kind());
}

// A raster of another shape makes the file invalid.
void compare(const std::string& path, const std::string& against, Finding& finding) {
  try {
    finding.pixels = io::compare_pixels(*formats::gdal_opener(), path, against);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input) throw;
    finding.report.valid = false;
    finding.report.errors.push_back(e.message());
  }
}

// A file that cannot be read is invalid too; its reason is the error.
void look_at(const std::string& path, const std::string& against, Findings& findings) {
  try {
    Finding finding{formats::validate_cog(path)};
    if (!against.empty()) compare(path, against, finding);
    add(findings, path, finding);
  } catch (const Error& e) {
    add(findings, path, e);
  }
}

// As the shell pattern; a path that matches nothing is left to the validator to miss.
void look_at_all(const std::string& argument, const std::string& against,
                 Findings& findings) {
  try {
    const auto found = files_like(argument);
    if (found.empty()) look_at(argument, against, findings);
    for (const auto& path : found) look_at(path.string(), against, findings);
  } catch (const Error& e) {
    add(findings, argument, e);
  }
}

int run(const Request& request, const Session& session) {
  Findings findings;
  for (const std::string& argument : request.files)
    look_at_all(argument, request.against, findings);
  findings.text.pop_back();
  session.result(findings.reports, findings.text);
  return exit_code(findings.failures);
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
