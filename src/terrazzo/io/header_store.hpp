#pragma once
// Where what was learnt of files outlives the process.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace terrazzo::io {

// Headers by URI, as packed(TiffHeader) makes them. Safe from any thread. It is a help,
// never a need: nothing here throws, and what cannot be kept is not.
class HeaderStore {
 public:
  virtual ~HeaderStore() = default;
  // Empty: there is none, or it cannot be read now.
  virtual std::optional<std::vector<std::byte>> find(const std::string& uri) noexcept = 0;
  virtual void keep(const std::string& uri,
                    std::span<const std::byte> header) noexcept = 0;
};

}  // namespace terrazzo::io
