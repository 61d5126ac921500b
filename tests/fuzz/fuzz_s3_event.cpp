// Any text as a notification of S3: events with a bucket and a key, or an Error that
// blames the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "terrazzo/base/error.hpp"
#include "terrazzo/pipeline/s3_events.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace terrazzo;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    for (const auto& event : pipeline::s3_events_of(text))
      if (!event.uri.starts_with("s3://") || event.uri.size() < 8) std::abort();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_input) std::abort();
  }
  return 0;
}
