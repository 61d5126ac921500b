#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

#include <doctest/doctest.h>

namespace terrazzo::testing {

// What f() writes to file descriptor 2.
template <class F>
std::string stderr_of(F&& f) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int kept = dup(2);
  dup2(fileno(file), 2);
  f();
  dup2(kept, 2);
  close(kept);
  std::string out;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file))
    out += static_cast<char>(c);
  std::fclose(file);
  return out;
}

}  // namespace terrazzo::testing
