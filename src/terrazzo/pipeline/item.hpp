#pragma once
// What flows through a pipeline: one file, and what has been made of it so far.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/io/store.hpp"
#include "terrazzo/pipeline/scratch.hpp"
#include "terrazzo/pipeline/template.hpp"

namespace terrazzo::pipeline {

// A finished file under a name of the work, and the one under which it is published.
struct OutputFile {
  std::filesystem::path made;
  std::string uri;
};

struct Item {
  std::string uri{};         // where it came from: an absolute path or s3://…
  std::string generation{};  // of its content
  Attributes attributes{};   // always: stem, file, folder, generation; see pipeline.hpp

  // What the next step works on, as a reader of rasters opens it, and where that will be
  // found when it is published. At first both are the uri.
  std::string current{};
  std::string location{};

  std::size_t bands = 0;  // of `current`; 0: not known yet

  std::vector<OutputFile> outputs{};
  io::Acl acl = io::Acl::unchanged;              // of them
  catalog::Publication publication{};            // its files are those of outputs
  std::map<int, catalog::Metadata> described{};  // bands of `current`
  std::optional<std::string> skipped{};          // why nothing is to be done with it

  // For files under way, which go when the item does; none in a plan.
  std::shared_ptr<const Scratch> scratch{};
};

}  // namespace terrazzo::pipeline
