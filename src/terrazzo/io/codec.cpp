#include "terrazzo/io/codec.hpp"

#include <algorithm>

namespace terrazzo::io {

const CodecKind* find_codec(std::uint16_t number) noexcept {
  for (const CodecKind* kind : codec_kinds())
    if (std::find(kind->numbers.begin(), kind->numbers.end(), number) !=
        kind->numbers.end())
      return kind;
  return nullptr;
}

}  // namespace terrazzo::io
