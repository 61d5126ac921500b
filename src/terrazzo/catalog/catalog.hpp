#pragma once
// The catalogue: which datasets exist, by which keys, where, and what is known of
// their pixels. One interface, a database behind it; see catalogs/.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/kinds.hpp"
#include "terrazzo/data/geo.hpp"

namespace terrazzo::catalog {

struct KeyName {
  std::string name;         // \w+; see create_catalog() for those that are taken
  std::string description;  // may be empty
};

using Keys = std::vector<std::string>;  // values, in the order of the key names

struct Metadata {
  Box bounds{};           // longitude and latitude
  Polygon convex_hull{};  // longitude and latitude
  double valid_percentage = 0;
  double low = 0;
  double high = 0;
  double mean = 0;
  double stdev = 0;
  std::array<double, 99> percentiles{};  // stored as float32
  Json user = Json::object();            // any JSON of the user's
};

struct Record {
  Keys keys;
  std::string path;
  int band = 1;
  std::optional<Metadata> metadata{};  // absent: not computed yet
};

struct Query {
  // Key name -> accepted values (exact); keys are AND-ed, values OR-ed.
  std::vector<std::pair<std::string, std::vector<std::string>>> where{};
  std::uint64_t page = 0;
  std::optional<std::uint64_t> limit{};  // none: all
  std::optional<Box> bounds{};           // longitude and latitude; records without
                                         // metadata do not match
  std::string text{};  // every blank-separated word is in some key value
  bool with_metadata = false;
  std::string last_first{};  // a key: its last values come first, then all keys count
};

struct KeyCount {
  std::string value;
  std::uint64_t count = 0;
};

// Safe from any thread and beside other processes. Every method may throw
// unavailable (locked past the time-out, gone) and corrupt_data (not a catalogue, or by
// now one of other keys). With a context they end as it says: cancelled, timeout.
//
// When another database has taken the place of this one it is used from then on.
class Catalog {
 public:
  virtual ~Catalog() = default;

  virtual const std::vector<KeyName>& key_names() const = 0;
  virtual bool writable() const = 0;

  // Ordered by keys. Metadata that cannot be read are left out, with a warning in the
  // log. Throws invalid_input: the query names an unknown key.
  virtual std::vector<Record> find(const Query& query,
                                   const Context& context = {}) const = 0;
  virtual std::uint64_t count(const Query& query, const Context& context = {}) const = 0;

  // Of each key, the values among the records that match, most frequent first, at most
  // `most` a key. A key's own filter does not narrow its own counts.
  virtual std::map<std::string, std::vector<KeyCount>> facets(
      const Query& query, std::size_t most, const Context& context = {}) const = 0;

  // Empty: no such dataset. Throws invalid_input: wrong number of keys. corrupt_data: its
  // metadata cannot be read.
  virtual std::optional<Record> get(const Keys& keys) const = 0;

  // Replaces what has the same keys. Without metadata in the record, a stored one is
  // kept if path and band are the same, else dropped.
  // Throws denied: the catalogue is read-only.
  virtual void insert(const Record& record) = 0;
  // All or nothing, in one transaction.
  virtual void insert_all(const std::vector<Record>& records) = 0;
  // Gives a dataset the metadata that were computed from this path and band: false, and
  // nothing is stored, if it has another path or band by now, has metadata already or is
  // gone. Throws denied: read-only.
  virtual bool store_metadata(const Keys& keys, const std::string& path, int band,
                              const Metadata& metadata) = 0;
  // Throws not_found: no such dataset. denied: read-only.
  virtual void remove(const Keys& keys) = 0;

  // Changes whenever another connection or this one has written, and when the database
  // was replaced by another one of the same keys.
  virtual std::uint64_t change_counter() const = 0;
};

struct OpenOptions {
  bool read_only = false;
  int timeout_seconds = 10;  // how long a locked database is waited for
  int refresh_seconds = 60;  // how long a copy of a remote file is believed in
};

class SqlPool;
class Frames;
class Journal;
struct JournalOptions;

struct CatalogKind {
  static constexpr std::string_view what = "kind of catalogue";
  std::string_view name;     // "sqlite"
  std::string_view summary;  // one sentence
  bool (*opens)(std::string_view uri);
  std::unique_ptr<SqlPool> (*pool)(const std::string& uri, const OpenOptions& options);
  void (*create)(const std::string& uri, const std::vector<KeyName>& keys);
  bool (*replace)(const std::string& uri, const std::string& from);
  // SQL that brings Terracotta 0.(minor - 1) to 0.minor; see migrate.hpp.
  std::vector<std::string> (*migration)(int minor);
  // Null: it keeps none.
  std::unique_ptr<Journal> (*journal)(const std::string& uri,
                                      const JournalOptions& options) = nullptr;
  std::unique_ptr<Frames> (*frames)(const std::string& uri,
                                    const OpenOptions& options) = nullptr;
};

Kinds<CatalogKind> catalog_kinds();

// uri: a path, sqlite:///path, s3:// or https:// of such a file, or
// postgresql:// or mysql://user:password@host:port/name of a database.
// Throws not_found: there is none. denied: its server refuses the user. corrupt_data: not
// a catalogue, or half of one. unsupported: made by a newer version, or nobody can open
// such a URI. A missing file is not created.
std::unique_ptr<Catalog> open_catalog(const std::string& uri,
                                      const OpenOptions& options = {});
// Likewise, with a kind that the URI need not tell.
std::unique_ptr<Catalog> open_catalog(const CatalogKind& kind, const std::string& uri,
                                      const OpenOptions& options = {});
// Throws unsupported: nobody can open such a URI.
const CatalogKind& catalog_kind(const std::string& uri);

// Throws conflict: it exists. not_found: its folder is not there. denied: its folder is
// read-only. invalid_input: a key name is not \w+, is reserved (limit, page and the
// columns of Terracotta's tables) or stands twice (capitals aside).
void create_catalog(const std::string& uri, const std::vector<KeyName>& keys);

// In one transaction the catalogue at `uri` gets the keys and records of the one in the
// file `from`: whoever has it open, or finds it after a crash, sees all of the old one or
// all of the new one. False: no database is at `uri`, nor files that belonged to one, and
// `from`, which is whole in itself, can be moved there.
// Throws unavailable: `uri` is locked, or `from` is in use. denied: `uri` is read-only.
bool replace_contents(const std::string& uri, const std::string& from);

// The URI without the user, the password and the options in it, for messages.
std::string shown_uri(std::string_view uri);

// "no dataset has keys …" and the like need the same words everywhere:
// ('sensor', 'date'), as Terracotta's messages list key names.
std::string key_tuple(const std::vector<KeyName>& names);

}  // namespace terrazzo::catalog
