#pragma once

#include <chrono>
#include <string>

namespace terrazzo::app {

struct Fetched {
  int status = 0;
  std::string body{};
};

// One GET of an http or https URL, redirects followed.
// Throws unavailable: nobody answers in time. invalid_input: not such a URL. not_found:
// no machine has that name. unsupported: it speaks no HTTP, or its certificate is no
// good. too_large: more than 16 MB.
Fetched fetch(const std::string& url, std::chrono::seconds timeout);

}  // namespace terrazzo::app
