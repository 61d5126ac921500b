#include "terrazzo/base/digest.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace terrazzo {

std::string digest(std::string_view text) {
  constexpr std::uint64_t offset = 14695981039346656037ULL;
  constexpr std::uint64_t prime = 1099511628211ULL;
  std::uint64_t hash = offset;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return fmt::format("{:016x}", hash);
}

}  // namespace terrazzo
