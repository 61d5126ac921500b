#include "terrazzo/io/memory_store.hpp"

namespace terrazzo::io {

extern const StoreKind store_memory;
constinit const StoreKind store_memory{
    .name = "memory",
    .summary = "the memory of this process: memory://name",
    .handles = is_memory,
    .get = shared_memory_store};

}  // namespace terrazzo::io
