#pragma once
// Files below a folder in the order of an object store's keys.

#include <sys/stat.h>

#include <functional>
#include <string>

#include "terrazzo/base/context.hpp"

namespace terrazzo::io {

// Calls visit with every regular file whose path begins with `prefix`, by the bytes of
// the paths ("a-b" before "a/c"), until it is false. What vanishes meanwhile is left out,
// as are files under way (see AsideFiles). Throws denied: a folder may not be read; as
// file_failure().
void list_files(
    const std::string& prefix,
    const std::function<bool(const std::string& path, const struct stat& facts)>& visit,
    const Context& context);

}  // namespace terrazzo::io
