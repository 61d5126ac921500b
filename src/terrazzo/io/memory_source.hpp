#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

// A file that is there already. Its head() is all of it.
std::shared_ptr<const ByteSource> memory_source(std::vector<std::byte> bytes,
                                                std::string generation);

}  // namespace terrazzo::io
