#include "ingest_command.hpp"

#include "settings.hpp"
#include "stop.hpp"
#include "terminal.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/formats/gdal_opener.hpp"

namespace terrazzo::app {

int run_ingest(jobs::IngestRequest request, const Session& session) {
  const std::string database = catalog::shown_uri(request.output);
  request.output = with_login(session, request.output);
  const StopOnSignals stop;
  const auto opener = formats::gdal_opener();
  jobs::IngestReport report;
  {
    ProgressLine line{"ingesting", session};
    report = jobs::ingest(request, *opener,
                          [&](const jobs::Progress& progress) { line(progress); },
                          {.stop = stop.token()});
  }
  const auto about = report.has_catalog ? fmt::format("keys of {}: {}", database,
                                                      fmt::join(report.key_names, ", "))
                                        : std::string{"no catalogue was written"};
  session.result({{"database", report.has_catalog ? Json(database) : Json{}},
                  {"keys", report.key_names},
                  {"files", report.files},
                  {"inserted", report.inserted},
                  {"skipped", report.skipped},
                  {"failed", failure_json(report.failed)}},
                 fmt::format("{} inserted, {} skipped, {} failed; {}", report.inserted,
                             report.skipped, report.failed.size(), about));
  fmt::print(stderr, "{}", failure_lines(report.failed));
  return exit_code(report.failed);
}

}  // namespace terrazzo::app
