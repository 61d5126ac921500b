#include "terrazzo/catalog/database_url.hpp"

#include "support/thrown.hpp"
#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::catalog {
namespace {

using testing::error_of;

}  // namespace

TEST_CASE("a URL of a database has a user, a password, a host, a port and a name") {
  const auto url = database_url(
      "postgresql://me:p%40ss%2Fword@db.example:6000/maps?sslmode=require", 1);
  CHECK(url.user == "me");
  CHECK(url.password == "p@ss/word");
  CHECK(url.host == "db.example");
  CHECK(url.port == 6000);
  CHECK(url.name == "maps");
  REQUIRE(url.options.size() == 1);
  CHECK(url.options[0].first == "sslmode");
  CHECK(url.options[0].second == "require");
}

TEST_CASE("what a URL leaves out is usual, or empty") {
  const auto url = database_url("mysql://[::1]/maps/", 3306);
  CHECK(url.user.empty());
  CHECK(url.password.empty());
  CHECK(url.host == "::1");
  CHECK(url.port == 3306);
  CHECK(url.name == "maps");
  CHECK(url.options.empty());
}

TEST_CASE("a malformed URL is told without repeating it") {
  for (const char* url :
       {"mysql://u:sesame@", "mysql://u:sesame@h", "mysql://u:sesame@h/",
        "mysql://u:sesame@h/a/b", "mysql://u:sesame@h:0/a", "mysql://u:sesame@h:65536/a",
        "mysql://u:sesame@h:1x/a", "mysql://u:sesame@[::1/a", "mysql://u:sesame%zz@h/a",
        "mysql://u:sesame%4@h/a", "mysql://u:sesame@h/a?b", "mysql://u:sesame/x@h/a",
        "mysql:sesame", "mysql://u:sesame@h/%ff"}) {
    CAPTURE(url);
    const Error error = error_of([&] { database_url(url, 1); });
    CHECK(error.kind() == ErrorKind::invalid_input);
    CHECK(std::string{error.what()}.find("sesame") == std::string::npos);
    CHECK(error.message().find("mysql://user:password@host:port/name") !=
          std::string::npos);
  }
}

TEST_CASE("a login is added where a URL of a server names no user") {
  CHECK(with_login("mysql://h/a", "me", "p@ss/") == "mysql://me:p%40ss%2F@h/a");
  CHECK(with_login("mysql://h/a@b", "me", "") == "mysql://me@h/a@b");
  CHECK(with_login("mysql://you@h/a", "me", "x") == "mysql://you@h/a");
  CHECK(with_login("mysql://h/a", "", "x") == "mysql://h/a");
  CHECK(with_login("sqlite:///a", "me", "x") == "sqlite:///a");
  CHECK(with_login("s3://bucket/a", "me", "x") == "s3://bucket/a");
  CHECK(with_login("/a/b.sqlite", "me", "x") == "/a/b.sqlite");
}

TEST_CASE("a URI is shown without user, password and options") {
  CHECK(shown_uri("mysql://me:pa/s@s@h:1/a?password=x") == "mysql://h:1/a");
  CHECK(shown_uri("mysql://h/a") == "mysql://h/a");
  CHECK(shown_uri("sqlite:///a@b?c") == "sqlite:///a@b?c");
  CHECK(shown_uri("/a@b") == "/a@b");
}

}  // namespace terrazzo::catalog
