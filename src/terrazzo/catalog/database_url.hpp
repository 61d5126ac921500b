#pragma once
// URLs of databases on servers: scheme://user:password@host:port/name?option=value.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrazzo::catalog {

struct DatabaseUrl {
  std::string user;      // may be empty
  std::string password;  // may be empty
  std::string host;      // without the brackets of [::1]
  int port = 0;
  std::string name;  // of the database
  std::vector<std::pair<std::string, std::string>> options{};
};

// Where a server is and how long it is waited for: to answer at all, and for others'
// locks.
struct ServerAddress {
  DatabaseUrl url;  // MySQL's without a name: no database
  int timeout_seconds = 10;
  bool read_only = false;
};

// Percent-decoded. Throws invalid_input: no host, not exactly one name, or a port that is
// no number of 1 to 65535; the message repeats nothing of the URL, which may hold a
// password.
DatabaseUrl database_url(std::string_view url, int usual_port);

// The same with this user and password, if it has no user; others stay as they are.
std::string with_login(std::string_view url, std::string_view user,
                       std::string_view password);

}  // namespace terrazzo::catalog
