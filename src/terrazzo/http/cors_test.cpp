#include "terrazzo/http/cors.hpp"

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

using namespace terrazzo;
using namespace terrazzo::http;

namespace {

const std::string local = R"(http[s]?://(localhost|127\.0\.0\.1):*)";

// All values of one header, joined.
std::string values(const Response& response, std::string_view name) {
  std::string all;
  for (const auto& [header, value] : response.headers)
    if (header == name) all += (all.empty() ? "" : " | ") + value;
  return all;
}

Response answer(const std::vector<std::string>& entries, const std::string& origin,
                Pairs headers = {}, const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.headers = std::move(headers);
  if (!origin.empty()) request.headers.emplace_back("origin", origin);
  Response response;
  OriginRules{entries, "allowed_origins_tiles"}.apply(request, response);
  return response;
}

std::string allowed(const std::vector<std::string>& entries, const std::string& origin) {
  return values(answer(entries, origin), "Access-Control-Allow-Origin");
}

}  // namespace

TEST_CASE("a star lets every origin read") {
  CHECK(allowed({"*"}, "") == "*");
  CHECK(allowed({"*"}, "https://a.example") == "https://a.example");
  CHECK(values(answer({"*"}, "https://a.example"), "Vary") == "Origin");
  CHECK(values(answer({"*"}, ""), "Vary").empty());
}

TEST_CASE("an empty list lets nobody read and adds nothing") {
  CHECK(answer({}, "").headers.empty());
  CHECK(answer({}, "https://a.example").headers.empty());
}

TEST_CASE(
    "literal origins are compared whole, without case, and told to callers without one") {
  const std::vector<std::string> entries{"https://b.example", "https://a.example"};
  CHECK(allowed(entries, "https://A.example") == "https://A.example");
  CHECK(allowed(entries, "https://a.example.evil").empty());
  CHECK(allowed(entries, "") == "https://a.example | https://b.example");
  CHECK(allowed({"https://a.example"}, "") == "https://a.example");
}

TEST_CASE("the default pattern means this machine at any port, and nothing longer") {
  for (const auto origin : {"http://localhost", "http://localhost:5000",
                            "https://127.0.0.1:1", "HTTP://LOCALHOST:80"})
    CHECK(allowed({local}, origin) == origin);
  for (const auto origin :
       {"http://localhost.evil.example", "http://localhost:80.evil",
        "http://127.0.0.1.evil", "http://xlocalhost", "http://127a0b0c1", "null",
        "http://localhost:", "ftp://localhost"})
    CHECK(allowed({local}, origin).empty());
  CHECK(allowed({local}, "").empty());
  CHECK(allowed({local}, "http://localhost:" + std::string(100'000, '1')).empty());
}

TEST_CASE("patterns and literals may stand together") {
  const std::vector<std::string> entries{local, R"(https://.*\.example\.org)",
                                         "https://c.net"};
  CHECK(allowed(entries, "https://x.example.org") == "https://x.example.org");
  CHECK(allowed(entries, "https://x.example.org.evil").empty());
  CHECK(allowed(entries, "https://c.net") == "https://c.net");
  CHECK(allowed(entries, "") == "https://c.net");
}

TEST_CASE("a preflight learns methods and gets its headers back") {
  const Pairs asked{{"access-control-request-method", "get"},
                    {"access-control-request-headers", "X-A, X-B"}};
  const Response response = answer({"*"}, "https://a.example", asked, "OPTIONS");
  CHECK(values(response, "Access-Control-Allow-Methods") ==
        "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
  CHECK(values(response, "Access-Control-Allow-Headers") == "X-A, X-B");
  const Response refused = answer({local}, "https://a.example", asked, "OPTIONS");
  CHECK(values(refused, "Access-Control-Allow-Methods").empty());
  CHECK(values(answer({"*"}, "https://a.example", {}, "OPTIONS"),
               "Access-Control-Allow-Methods")
            .empty());
}

TEST_CASE("an entry that is no regular expression is refused with the setting's name") {
  try {
    OriginRules{{"https://(a"}, "allowed_origins_tiles"};
    FAIL("nothing was thrown");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::invalid_input);
    CHECK(
        e.message().starts_with("allowed_origins_tiles: 'https://(a' is not a regular"));
  }
}
