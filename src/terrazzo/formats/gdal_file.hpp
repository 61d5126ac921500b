#pragma once
// A raster file as GDAL sees it: which file it is, what it holds, and the open handles
// that threads borrow. A handle is used by one thread at a time.

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "terrazzo/formats/gdal_session.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::formats {

// Two files with the same path and the same identity have the same pixels. Files of
// other machines are taken as the same for a minute.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t time = 0;  // of the last change, ns
  std::uint64_t node = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Throws not_found: no such file. denied: it may not be read.
FileIdentity file_identity(const std::string& path);

// Where a raster lies in another reference system, as Terracotta sees it.
struct WarpTarget {
  Box bounds{};         // in that system
  double width_of = 0;  // of a pixel there, if the resolution is kept
  double height_of = 0;
};

// What is known of a file as long as it does not change. Immutable but for the cache
// of targets; safe from any thread.
struct FileFacts {
  std::string path;  // as GDAL wants it
  FileIdentity identity{};
  io::RasterInfo info{};
  std::string wkt;             // of info.crs, as GDAL writes it
  int alpha_band = 0;          // from 1; 0: none
  std::vector<bool> has_mask;  // by band: the mask says more than nodata does

  std::string name() const { return short_name(path); }
  // make() is called once per reference system, outside the lock.
  template <class Make>
  WarpTarget target(const std::string& crs_wkt, Make&& make) const {
    {
      const std::lock_guard lock{targets_lock_};
      if (const auto found = targets_.find(crs_wkt); found != targets_.end())
        return found->second;
    }
    const WarpTarget made = make();
    const std::lock_guard lock{targets_lock_};
    if (targets_.size() >= most_targets) targets_.clear();
    return targets_[crs_wkt] = made;
  }

 private:
  static constexpr std::size_t most_targets = 16;
  mutable std::mutex targets_lock_;
  mutable std::map<std::string, WarpTarget> targets_;
};

// Opens for reading. Files beside it (headers, world files, projections) are looked for
// only if it is a local file and no TIFF.
// Throws corrupt_data: GDAL takes it for no raster. not_found, denied, unavailable: what
// a far store said.
DatasetPtr open_dataset(const std::string& path);

// Puts class names into the file itself, where read_facts finds them: GDAL would keep
// them in a file beside it. `dataset` is a GDALDatasetH, `band` counts from 1.
void keep_labels(void* dataset, int band, const std::map<double, std::string>& labels);

// Throws unsupported: pixels of a type without ElementType. corrupt_data: it ends before
// its last block does.
std::shared_ptr<const FileFacts> read_facts(void* dataset, const std::string& path,
                                            const FileIdentity& identity);

bool is_tiff(void* dataset);

// Does a TIFF of `size` bytes end before its last block does? False for other formats.
bool ends_early(void* dataset, std::uint64_t size);

struct OpenFile {
  DatasetPtr dataset;
  std::shared_ptr<const FileFacts> facts;
};

// Idle handles of all files, the least recently used closed first. Safe from any thread.
class HandlePool {
 public:
  explicit HandlePool(std::size_t most_idle) : most_idle_(most_idle) {}

  // An idle handle of the file; handles of what stood at the path before are closed.
  std::optional<OpenFile> take(const std::string& path, const FileIdentity& identity);
  // Throws std::bad_alloc: the handle is closed, the others stay as they are.
  void give(OpenFile file);
  std::size_t idle() const;

 private:
  using List = std::list<OpenFile>;  // most recently used first

  const std::size_t most_idle_;
  mutable std::mutex lock_;
  List files_;
  std::unordered_multimap<std::string, List::iterator> by_path_;
};

// A borrowed handle. Goes back to the pool only after keep(): a handle that failed is
// closed.
class Lease {
 public:
  Lease(HandlePool& pool, OpenFile file) : pool_(pool), file_(std::move(file)) {}
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  void* dataset() const noexcept { return file_.dataset.get(); }
  void keep() noexcept { keep_ = true; }

 private:
  HandlePool& pool_;
  OpenFile file_;
  bool keep_ = false;
};

}  // namespace terrazzo::formats
