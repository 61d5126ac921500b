#pragma once

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::testing {

// The kind of the Error that f() must throw.
template <class F>
ErrorKind kind_of_failure(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("nothing was thrown");
  return ErrorKind::internal;
}

}  // namespace terrazzo::testing
