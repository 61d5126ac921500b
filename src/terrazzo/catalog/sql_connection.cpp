#include "terrazzo/catalog/sql_connection.hpp"

namespace terrazzo::catalog {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out{quote};
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

}  // namespace

std::string sql_name(std::string_view name) { return quoted(name, '"'); }

std::string sql_text(std::string_view text) { return quoted(text, '\''); }

}  // namespace terrazzo::catalog
