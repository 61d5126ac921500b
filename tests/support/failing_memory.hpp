#pragma once
// Lets allocations of one thread fail. Replaces operator new: at most one file of a test
// program may include this.

#include <cstdlib>
#include <new>

namespace terrazzo::testing {

// Of this thread: so many allocations succeed, then so many fail.
inline thread_local int allocations_left = 0;
inline thread_local int failures_left = 0;

inline void fail_allocations(int after, int count) {
  allocations_left = after;
  failures_left = count;
}

inline bool fails_now() {
  if (failures_left == 0) return false;
  if (allocations_left > 0) {
    --allocations_left;
    return false;
  }
  --failures_left;
  return true;
}

}  // namespace terrazzo::testing

void* operator new(std::size_t size) {
  if (terrazzo::testing::fails_now()) throw std::bad_alloc{};
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return terrazzo::testing::fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
