#include "terrazzo/pipeline/arrivals.hpp"

#include <algorithm>
#include <set>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/store.hpp"
#include "terrazzo/pipeline/outputs.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;
using catalog::Announced;
using catalog::State;

// Known files below the folder, as far as they count as being there.
std::vector<std::string> known_files(const Pipeline& pipeline,
                                     const catalog::Journal& journal) {
  std::vector<std::string> files;
  for (const auto& event : journal.events({.pipeline = pipeline.name}))
    if (event.state != State::deleted && pipeline.takes(event.uri))
      files.push_back(event.uri);
  return files;
}

std::uint64_t announce_removed(const Pipeline& pipeline, catalog::Journal& journal,
                               const std::set<std::string>& there) {
  const auto known = known_files(pipeline, journal);
  std::vector<std::string> gone;
  std::ranges::copy_if(known, std::back_inserter(gone),
                       [&](const std::string& uri) { return !there.contains(uri); });
  if (!gone.empty() && gone.size() == known.size()) {
    log::warning("none of the known files is there; they are not taken for removed",
                 {{"folder", pipeline.folder}, {"known", known.size()}});
    return 0;
  }
  for (const std::string& uri : gone)
    journal.announce({pipeline.name, uri, "", pipeline.recipe, "", true});
  return gone.size();
}

}  // namespace

std::string source_uri(const std::string& path) {
  if (path.find("://") != std::string::npos) return path;
  return fs::absolute(path).lexically_normal().string();
}

std::optional<std::string> generation_of(const std::string& uri, const Context& context) {
  if (is_in_a_store(uri)) {
    const auto found = io::store_of(uri).stat(uri, context);
    return found ? std::optional{found->generation} : std::nullopt;
  }
  try {
    return io::open_bytes(uri, context)->generation();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    return std::nullopt;
  }
}

catalog::Arrival arrival_of(const Pipeline& pipeline, const std::string& uri,
                            const Context& context) {
  auto generation = generation_of(uri, context);
  catalog::Arrival arrival{pipeline.name, uri, "", pipeline.recipe};
  arrival.removed = !generation;
  arrival.generation = generation.value_or("");
  return arrival;
}

namespace {

// A file, with its generation if the listing tells it.
struct Found {
  std::string uri;
  std::string generation;
};

std::vector<Found> found_in_store(const Pipeline& pipeline, const Context& context) {
  std::vector<Found> files;
  io::store_of(pipeline.folder)
      .list(
          pipeline.folder + '/',
          [&](const io::StoredObject& object) {
            if (pipeline.takes(object.uri))
              files.push_back({object.uri, object.generation});
            return true;
          },
          context);
  return files;
}

std::vector<Found> found_in_folder(const Pipeline& pipeline) {
  std::error_code error;
  fs::recursive_directory_iterator entry{
      pipeline.folder, fs::directory_options::skip_permission_denied, error};
  if (error) throw file_failure(error.value(), "read", pipeline.folder);
  std::vector<Found> files;
  for (const fs::recursive_directory_iterator end; entry != end; entry.increment(error)) {
    if (error) throw file_failure(error.value(), "read", pipeline.folder);
    std::error_code ignored;
    const auto path = entry->path().string();
    if (entry->is_regular_file(ignored) && pipeline.takes(path))
      files.push_back({path, ""});
  }
  std::ranges::sort(files, {}, &Found::uri);
  return files;
}

std::vector<Found> found_in(const Pipeline& pipeline, const Context& context) {
  if (pipeline.folder.empty())
    throw invalid("pipeline '{}' has no folder to look through; it needs 'when'",
                  pipeline.name);
  return is_in_a_store(pipeline.folder) ? found_in_store(pipeline, context)
                                        : found_in_folder(pipeline);
}

catalog::Arrival arrival_of(const Pipeline& pipeline, const Found& found,
                            const Context& context) {
  if (found.generation.empty()) return pipeline::arrival_of(pipeline, found.uri, context);
  return {pipeline.name, found.uri, found.generation, pipeline.recipe};
}

}  // namespace

std::vector<std::string> listed(const Pipeline& pipeline, const Context& context) {
  std::vector<std::string> uris;
  for (auto& found : found_in(pipeline, context)) uris.push_back(std::move(found.uri));
  return uris;
}

Resync resync(const Pipeline& pipeline, catalog::Journal& journal,
              const Context& context) {
  Resync result;
  std::set<std::string> there;
  for (const Found& found : found_in(pipeline, context)) {
    context.check();
    there.insert(found.uri);
    try {
      const auto answer = journal.announce(arrival_of(pipeline, found, context));
      result.queued += answer == Announced::queued ? 1 : 0;
    } catch (const Error& error) {
      if (error_facts(error.kind()).retry) throw;
      log::warning("a file cannot be read",
                   {{"file", found.uri}, {"reason", error.what()}});
    }
  }
  result.files = there.size();
  result.removed = announce_removed(pipeline, journal, there);
  return result;
}

}  // namespace terrazzo::pipeline
