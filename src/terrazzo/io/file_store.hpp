#pragma once

#include <memory>

#include "terrazzo/io/store.hpp"

namespace terrazzo::io {

// The files of this machine: "/folder/name", "folder/name", "file:///folder/name".
//
// Files are written beside, synced and renamed (see AsideFiles), also where processes and
// machines share the folder; files under way are not listed. Links to files are what they
// lead to; links to folders are followed, but not in a circle. A content type is taken
// and means nothing. if_match needs a file system that can lock folders.
std::unique_ptr<Store> file_store();

}  // namespace terrazzo::io
