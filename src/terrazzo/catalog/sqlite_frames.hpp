#pragma once
// Frames in SQLite, beside a catalogue's tables:
//
//   terrazzo_frames       one row each
//   terrazzo_frame_boxes  R*Tree of their bounds, by the rows' numbers
//   terrazzo_collections  how many frames each has and what box is around them

#include <memory>
#include <string>
#include <vector>

#include "terrazzo/catalog/frames.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::catalog {

// What makes the tables where they are not there.
std::vector<std::string> frames_sql();

// Both inside a transaction. Cost: of put_frame a few look-ups by index; of remove_frame
// the same, unless the frame touches the edge of its collection's extent: then the boxes
// of the whole collection are read.
// Throws invalid_input: no name, no finite bounds, or text that is not UTF-8.
void put_frame(SqliteConnection& db, const Frame& frame);
// False: there was none.
bool remove_frame(SqliteConnection& db, const std::string& collection,
                  const std::string& name);

// Of a row of name, frames, west, south, east, north, version.
Collection collection_of(const SqliteStatement& row);

std::unique_ptr<Frames> open_sqlite_frames(const std::string& uri,
                                           const OpenOptions& options);

}  // namespace terrazzo::catalog
