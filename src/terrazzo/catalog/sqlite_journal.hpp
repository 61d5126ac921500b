#pragma once
// The journal in SQLite, beside a catalogue's tables:
//
//   terrazzo_events    one row for each file of each pipeline. `due`: microseconds since
//                      1970 from when it can be claimed; null: it cannot
//   terrazzo_attempts  what each step took, of each claim
//   terrazzo_outputs   what events have reserved and published
//   terrazzo_trash     files that stand for nothing any more
//   terrazzo_products  of which version of a collection each product was made

#include <memory>
#include <string>
#include <vector>

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/catalog/sql_schema.hpp"
#include "terrazzo/catalog/sqlite_frames.hpp"

namespace terrazzo::catalog {

std::unique_ptr<Journal> open_sqlite_journal(const std::string& uri,
                                             const JournalOptions& options);

// What makes terrazzo_outputs, terrazzo_trash and terrazzo_products where they are not
// there.
std::vector<std::string> outputs_sql();

// As Journal::outdated().
std::vector<Outdated> outdated_products(SqliteConnection& db, const std::string& product);
// As Journal::made().
void note_product(SqliteConnection& db, const std::string& product,
                  const Collection& collection, const std::vector<std::string>& files);

// The outputs of events, inside a transaction of one's own.
class SqliteOutputs {
 public:
  SqliteOutputs(SqliteConnection& db, const SqlSchema& schema, Time now)
      : db_(db), schema_(schema), now_(now) {}

  // Has this pipeline reserved or published the file, or did it stand for something?
  bool has_file(const std::string& pipeline, const std::string& uri) const;
  // Throws conflict: another event has published it.
  void reserve(std::int64_t event, const std::string& file);
  // Throws conflict, as Journal::publish().
  void publish(std::int64_t event, const Publication& publication);
  // Takes away what the event has reserved but not published. Its files are trash.
  void give_up(std::int64_t event);
  // Takes away everything of the event.
  void withdraw(std::int64_t event);

 private:
  // Throws conflict: another event has published it.
  void own(std::int64_t event, std::string_view kind, const std::string& name,
           bool published);
  void take_away(std::int64_t event, std::string_view which);
  void remove(const Output& output);

  SqliteConnection& db_;
  const SqlSchema& schema_;
  Time now_;
};

}  // namespace terrazzo::catalog
