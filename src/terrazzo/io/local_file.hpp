#pragma once
// What is a file of this machine, and what tells its contents apart.

#include <string>
#include <string_view>

struct stat;

namespace terrazzo::io {

// Has it a local_path()? But for what GDAL's drivers for servers and archives read.
bool is_local(std::string_view uri);

// ByteSource::generation() of a file with these facts.
std::string file_generation(const struct stat& facts);

}  // namespace terrazzo::io
