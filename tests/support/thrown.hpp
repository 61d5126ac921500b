#pragma once
// What a call throws, to be looked at.

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::testing {

// Fails the test if nothing is thrown.
template <class F>
Error error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e;
  }
  FAIL("nothing was thrown");
  return invalid("nothing was thrown");
}

template <class F>
ErrorKind kind_of(F&& f) {
  return error_of(f).kind();
}

}  // namespace terrazzo::testing
