#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/memory_store.hpp"

namespace terrazzo::io {
namespace {

std::shared_ptr<const ByteSource> open(const std::string& uri, const Context& context) {
  return shared_memory_store().open(uri, context);
}

}  // namespace

extern const ByteSourceKind byte_source_memory;
constinit const ByteSourceKind byte_source_memory{
    .name = "memory", .handles = is_memory, .open = open};

}  // namespace terrazzo::io
