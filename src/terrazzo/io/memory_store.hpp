#pragma once
// Objects that live as long as the process: for tests and for pipelines that keep
// nothing.

#include <memory>
#include <string_view>

#include "terrazzo/io/store.hpp"

namespace terrazzo::io {

// "memory://anything"; there are no buckets. An object that is open stays as it was, also
// when it is replaced. ACLs are taken and mean nothing.
bool is_memory(std::string_view uri);

std::unique_ptr<Store> memory_store();

// Of the whole process, which open_bytes() reads too.
Store& shared_memory_store();

}  // namespace terrazzo::io
