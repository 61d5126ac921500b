#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

// Whose pages may read an answer: the entries of one allowed_origins setting.
//
// "*" is every origin. An entry with any of * \ ] ? $ ^ [ ( ) is a regular expression
// that must match the whole origin, ":*" at its end being any port or none; others are
// compared as they are. Case does not matter. Safe from any thread.
class OriginRules {
 public:
  // Throws invalid_input, naming the setting: an entry is not a regular expression.
  OriginRules(const std::vector<std::string>& entries, std::string_view setting);
  ~OriginRules();
  OriginRules(OriginRules&&) noexcept;
  OriginRules& operator=(OriginRules&&) noexcept;

  bool allows(std::string_view origin) const;

  // Adds the headers of flask-cors: the origin if it may read, "*" or the literal
  // entries if none was sent, methods and headers for a preflight.
  void apply(const Request& request, Response& response) const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace terrazzo::http
