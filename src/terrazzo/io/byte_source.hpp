#pragma once
// Where the bytes of a file come from: a disk, memory, a web server, an object store.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/kinds.hpp"

namespace terrazzo::io {

// A stretch of a file and where its bytes shall go.
struct Piece {
  std::uint64_t offset = 0;
  std::span<std::byte> to{};
};

// One file as it was when it was opened. Safe from any thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual std::uint64_t size() const = 0;  // bytes

  // Differs once the content does: of a local file its inode, size and times; of a
  // remote one its ETag.
  virtual const std::string& generation() const = 0;

  // The first bytes, as far as opening the source brought them along; may be empty.
  virtual std::span<const std::byte> head() const = 0;

  // Bytes of memory that it keeps: of the whole file, or of its head.
  virtual std::size_t memory() const { return head().size(); }

  // With this reopen_bytes() gives the file as it was without asking for it; a read then
  // notices if it has changed. Empty: it cannot be done.
  virtual std::string pin() const { return {}; }

  // Fills every piece; in what order and in how many requests is the source's choice.
  // After a failure the pieces may hold anything.
  // Throws corrupt_data: a piece reaches past the end. conflict: the content is no longer
  // that of generation(). not_found, denied, unavailable, timeout, cancelled.
  virtual void read(std::span<const Piece> pieces, const Context& context = {}) const = 0;
};

// Of a file of this machine its path: "/a" of "/a" and of "file:///a". Empty: a URL.
std::optional<std::string> local_path(const std::string& uri);

// A way to reach files; each file of byte_sources/ is one.
struct ByteSourceKind {
  static constexpr std::string_view what = "byte source";
  std::string_view name;  // "file", "http", "s3"
  bool (*handles)(std::string_view uri);
  // Throws not_found, denied, unavailable, timeout, cancelled. unsupported: it is there
  //        but cannot be read by ranges. invalid_input: the uri cannot be one.
  std::shared_ptr<const ByteSource> (*open)(const std::string& uri,
                                            const Context& context);
  // Null: its sources have no pins. Throws corrupt_data: the pin is none.
  std::shared_ptr<const ByteSource> (*reopen)(const std::string& uri,
                                              const std::string& pin) = nullptr;
};

Kinds<ByteSourceKind> byte_source_kinds();

// Throws as ByteSourceKind::open; unsupported: no kind handles the uri.
std::shared_ptr<const ByteSource> open_bytes(const std::string& uri,
                                             const Context& context = {});

// The file of a source's pin(). Throws corrupt_data: it is none. unsupported.
std::shared_ptr<const ByteSource> reopen_bytes(const std::string& uri,
                                               const std::string& pin);

}  // namespace terrazzo::io
