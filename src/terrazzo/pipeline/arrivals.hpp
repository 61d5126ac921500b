#pragma once
// What arrives at a pipeline: single files, and the folder that is looked through.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::pipeline {

// A path as the journal has it: absolute, without . and .. ; URIs as they are.
std::string source_uri(const std::string& path);

// Of the file's content as it is now. Empty: there is no such file.
// Throws as io::open_bytes() and io::Store::stat(); not_found: of a bucket.
std::optional<std::string> generation_of(const std::string& uri,
                                         const Context& context = {});

// The file as it is now; removed if it is not there.
// Throws as io::open_bytes().
catalog::Arrival arrival_of(const Pipeline& pipeline, const std::string& uri,
                            const Context& context = {});

// The files in the pipeline's folder, or under its prefix of a store, that it takes,
// sorted.
// Throws invalid_input: it has no folder. As file_failure(): the folder cannot be read.
// As io::Store::list().
std::vector<std::string> listed(const Pipeline& pipeline, const Context& context = {});

struct Resync {
  std::uint64_t files = 0;    // that are there
  std::uint64_t queued = 0;   // new ones and changed ones
  std::uint64_t removed = 0;  // known ones that are gone
};

// Tells the journal of every file in the folder, and of those it knows that are gone. If
// none of the known ones is there the folder is taken for absent (not mounted), and none
// is told to be gone. Files that cannot be read are logged as warnings.
// Throws as listed(); unavailable.
Resync resync(const Pipeline& pipeline, catalog::Journal& journal,
              const Context& context = {});

}  // namespace terrazzo::pipeline
