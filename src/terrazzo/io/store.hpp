#pragma once
// Where objects are kept: a disk, memory, a web server, an object store. One interface
// over all of them, of what the poorest that can be written to does.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/kinds.hpp"
#include "terrazzo/base/time.hpp"
#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

struct StoredObject {
  std::string uri{};       // as it was asked for, or beginning as the prefix of a listing
  std::uint64_t size = 0;  // bytes
  std::string generation{};  // ByteSource::generation() of the same content
  Time modified{};           // to the second on servers; of put() and copy() about now
};

// Who may read an object.
enum class Acl {
  unchanged,           // of a new object what the store gives by itself
  owner,               // "private"; of a file mode 600
  authenticated_read,  // whoever the store knows; of a file its group, mode 640
  public_read,         // everybody; mode 644
};

// "private", "authenticated-read", "public-read". Throws invalid_input: another word.
Acl acl_named(std::string_view name);
std::string_view name_of(Acl acl);  // "" of unchanged

struct PutOptions {
  bool if_absent = false;      // conflict if there is such an object
  std::string if_match{};      // a generation; conflict unless the object is of it
  std::string content_type{};  // "image/tiff"; empty: what the store gives by itself
  Acl acl = Acl::unchanged;
};

// Objects by URI. A URI is a scheme, a bucket where the store has such, and a key whose
// bytes stand for themselves (nothing is escaped): "s3://bucket/a b/ü+.tif".
//
// All functions throw not_found (the object, unless said otherwise, or its bucket),
// denied, unavailable, timeout, cancelled; unsupported: the store cannot do it;
// invalid_input: the URI cannot be one of the store. Faults that pass are waited for and
// tried again. Safe from any thread.
class Store {
 public:
  Store() = default;
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Empty: there is no such object. A bucket that is not there is not_found.
  virtual std::optional<StoredObject> stat(const std::string& uri,
                                           const Context& context = {}) = 0;

  // Every object whose URI begins with `prefix`, in the order of the bytes of the URIs;
  // what begins with a folder's URI and a slash is all that is in it, at any depth.
  // Nothing there: no call. Takes them by pages: what comes and goes meanwhile may be
  // missed, what stays is told once. `visit` may use the store; if it is false the
  // listing ends.
  virtual void list(const std::string& prefix,
                    const std::function<bool(const StoredObject&)>& visit,
                    const Context& context = {}) = 0;

  // As open_bytes().
  virtual std::shared_ptr<const ByteSource> open(const std::string& uri,
                                                 const Context& context = {}) = 0;

  // Makes or replaces the object. Whoever reads finds the one before or this one whole;
  // after a failure the one before (a server that does not answer any more may have
  // taken it nevertheless). `content` is read by stretches, as often as attempts need;
  // what it throws goes to the caller. Folders are made where they are missing.
  // Throws conflict: as PutOptions says, or `content` is no longer what it was.
  //        too_large: more than the store takes.
  virtual StoredObject put(const std::string& uri, const ByteSource& content,
                           const PutOptions& options = {},
                           const Context& context = {}) = 0;
  StoredObject put_bytes(const std::string& uri, std::span<const std::byte> bytes,
                         const PutOptions& options = {}, const Context& context = {});
  StoredObject put_file(const std::string& uri, const std::filesystem::path& path,
                        const PutOptions& options = {}, const Context& context = {});

  // put() of an object of the same store, which does it by itself where it can. The
  // options are about `to`; without a content type it gets that of `from`.
  // Throws as put(); not_found: `from` is not there.
  virtual StoredObject copy(const std::string& from, const std::string& to,
                            const PutOptions& options = {},
                            const Context& context = {}) = 0;

  // Nothing if `acl` is unchanged. The generation of a file, though not of an object of a
  // server, becomes another one with its mode.
  virtual void set_acl(const std::string& uri, Acl acl, const Context& context = {}) = 0;

  // What is not there is removed already. Folders stay, also when they become empty.
  virtual void remove(const std::string& uri, const Context& context = {}) = 0;
};

// A way to keep objects; each file of stores/ is one.
struct StoreKind {
  static constexpr std::string_view what = "store";
  std::string_view name;     // "file", "http", "memory", "s3"
  std::string_view summary;  // one line for who chooses
  bool (*handles)(std::string_view uri);
  // That of the process, made when it is first asked for. Throws invalid_input: its
  // settings, which are in the environment.
  Store& (*get)();
};

Kinds<StoreKind> store_kinds();

// The store that a URI, or the prefix of one, is of. It lives as long as the process.
// Throws as StoreKind::get; invalid_input: no URI; unsupported: no kind handles it.
Store& store_of(const std::string& uri);

}  // namespace terrazzo::io
