#pragma once
// What pipelines have done, as text and as JSON.

#include <string>
#include <vector>

#include "command.hpp"
#include "terrazzo/jobs/pipelines.hpp"

namespace terrazzo::app {

// "done     /data/in/a.tif  1.2 s  -> /data/out/a.tif", without a line's end.
std::string line_of(const pipeline::Done& done);
Json json_of(const pipeline::Done& done);

// Prints each as it ends: a line, or with --json an object on a line; nothing with -q.
pipeline::OnDone print_done(const Session& session);

// 0 if all are done; else that of the worst failure; skipped ones are invalid_input.
int exit_code(const std::vector<pipeline::Done>& all);

}  // namespace terrazzo::app
