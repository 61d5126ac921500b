#pragma once
// What a pipeline would do, without doing any of it.

#include <string>
#include <vector>

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::pipeline {

enum class Verdict : std::uint8_t {
  run,      // it would be worked on
  already,  // nothing is to be done
  skip,     // its name breaks the rules
  fail,     // a step would refuse it
};

std::string_view verdict_name(Verdict verdict) noexcept;

struct Planned {
  std::string uri{};
  Verdict verdict = Verdict::run;
  std::string reason{};  // one sentence, without its end
  std::uint64_t bytes = 0;
  Attributes attributes{};
  std::vector<std::string> outputs{};  // uris of files
  std::vector<catalog::Keys> records{};
  std::vector<std::string> frames{};  // "collection/name"
};

// In the order of the files. Reads their headers; writes nothing anywhere.
// journal: null if there is no catalogue yet.
// Throws as Journal::events(); cancelled, timeout.
std::vector<Planned> plan(const Pipeline& pipeline, const catalog::Journal* journal,
                          const io::RasterOpener& opener,
                          const std::vector<std::string>& uris,
                          const Context& context = {});

}  // namespace terrazzo::pipeline
