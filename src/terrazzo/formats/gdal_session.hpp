#pragma once
// How this layer talks to GDAL: set-up, ownership, and errors that become ours.
// GDAL's own headers stay in the .cpp files; its handles are void*.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/context.hpp"

namespace terrazzo::formats {

// Loads GDAL, registers the drivers and sets the options everything here relies on: no
// listing of folders on open, masks inside files, time-outs for HTTP, nothing on stderr.
// Options that the environment sets are left alone. Does its work once; any thread.
// Nothing else here that reaches GDAL may be used before.
// Throws unavailable: GDAL cannot be loaded; the next call tries again.
void set_up_gdal();

// A list of words as GDAL's C functions take it.
class GdalWords {
 public:
  GdalWords(std::initializer_list<std::string_view> words = {});
  void add(std::string_view word) { words_.emplace_back(word); }
  // Ends with a null; as long as no word is added.
  char** list();

 private:
  std::vector<std::string> words_;
  std::vector<char*> list_;
};

struct CloseDataset {
  void operator()(void* dataset) const noexcept;
};
using DatasetPtr = std::unique_ptr<void, CloseDataset>;

// A progress function for GDAL: "go on" until the Context that it is given has ended.
int goes_on(double done, const char* message, void* context) noexcept;
// As GDAL takes it.
void* progress_data(const Context& context) noexcept;

// Collects what GDAL reports on this thread while it lives. Scopes nest.
class GdalErrors {
 public:
  GdalErrors();
  ~GdalErrors();
  GdalErrors(const GdalErrors&) = delete;
  GdalErrors& operator=(const GdalErrors&) = delete;

  bool empty() const noexcept { return messages_.empty(); }
  // Does any message hold one of the words, whatever their case?
  bool mention(std::initializer_list<std::string_view> words) const;
  // The error, with GDAL's messages as notes.
  Error explain(Error error) const;

  void add(const char* message) noexcept;

 private:
  std::vector<std::string> messages_;
};

// A GDAL option for this thread as long as it lives.
class ThreadOption {
 public:
  ThreadOption(const char* key, const char* value);
  ~ThreadOption();
  ThreadOption(const ThreadOption&) = delete;
  ThreadOption& operator=(const ThreadOption&) = delete;

 private:
  const char* key_;
  std::string before_;
  bool was_set_;
};

// "s3://bucket/key" -> "/vsis3/bucket/key"; gs, az, http, https and file likewise.
// Everything else is a path already.
// Throws invalid_input: it is empty or holds a NUL. unsupported: it reads from a
// terminal.
std::string gdal_path(const std::string& uri);

// Does GDAL reach the path by itself: in stores, archives or its memory?
bool is_virtual(std::string_view gdal_path);

// Is the path served by another machine?
bool is_remote(std::string_view gdal_path);

// The last part of a path or uri, for messages.
std::string short_name(std::string_view uri);

}  // namespace terrazzo::formats
