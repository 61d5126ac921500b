#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::jobs {

// The catalogue that a job writes: the one at `uri`, a new one there, or a new one
// that takes its place by finish(). Nothing is made before the first writable() call;
// a new one that is not finished is removed.
class Database {
 public:
  enum class Mode { append, replace, only_new };

  // names: keys of what will be inserted. Appending asks for the same names, in any
  // order. Throws as ingest().
  Database(std::string uri, std::vector<std::string> names, Mode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // In the order of the catalogue, which every record must have.
  const std::vector<std::string>& names() const noexcept { return names_; }
  // Null: there is none yet.
  const catalog::Catalog* existing() const noexcept { return catalog_.get(); }
  catalog::Catalog& writable();
  // Puts a new catalogue in the place of the old one: whatever happens, the one or the
  // other is there, whole. Throws as catalog::replace_contents() and
  // AsideFiles::publish().
  void finish();

 private:
  void look_at_server();
  void open();
  void create();

  std::string uri_;
  std::vector<std::string> names_;
  Mode mode_;
  std::optional<std::filesystem::path> file_;  // of uri_, if it is one
  std::optional<AsideFiles> aside_;            // what will take its place
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace terrazzo::jobs
