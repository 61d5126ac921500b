#pragma once

#include "command.hpp"
#include "terrazzo/jobs/ingest.hpp"

namespace terrazzo::app {

// What `ingest` and `create-database` share: does it, shows how far it is, prints the
// report.
int run_ingest(jobs::IngestRequest request, const Session& session);

}  // namespace terrazzo::app
