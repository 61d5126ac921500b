#include "terrazzo/base/time.hpp"

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

using namespace terrazzo;

namespace {
std::string again(std::string_view iso) { return iso_text(time_from_iso(iso)); }
}  // namespace

TEST_CASE("ISO times are read in all their lengths and written in one form") {
  CHECK(again("2018-05") == "2018-05-01T00:00:00Z");
  CHECK(again("2018-05-31") == "2018-05-31T00:00:00Z");
  CHECK(again("2018-05-31T12:30") == "2018-05-31T12:30:00Z");
  CHECK(again("2018-05-31 12:30:59") == "2018-05-31T12:30:59Z");
  CHECK(again("2018-05-31T12:30:59.5Z") == "2018-05-31T12:30:59.500000Z");
  CHECK(again("2018-05-31T12:30:59.123456789Z") == "2018-05-31T12:30:59.123456Z");
  CHECK(again("2018-01-01T00:30:00+02:00") == "2017-12-31T22:30:00Z");
  CHECK(again("2018-12-31T23:30:00-0130") == "2019-01-01T01:00:00Z");
  CHECK(again("2018-12-31T23:30:00+01") == "2018-12-31T22:30:00Z");
  CHECK(again("2016-02-29") == "2016-02-29T00:00:00Z");
  CHECK(again("1969-12-31T23:59:59.999999Z") == "1969-12-31T23:59:59.999999Z");
  CHECK(again("0000-01-01") == "0000-01-01T00:00:00Z");
  CHECK(time_from_iso("2001-09-09T01:46:40Z").time_since_epoch().count() ==
        1'000'000'000'000'000);
}

TEST_CASE("what is no time is refused") {
  for (const char* wrong : {"",
                            "2018",
                            "2018-",
                            "2018-13",
                            "2018-00-01",
                            "2017-02-29",
                            "2018-05-32",
                            "2018-5-1",
                            "2018-05-01T",
                            "2018-05-01T24:00",
                            "2018-05-01T12",
                            "2018-05-01T12:60",
                            "2018-05-01T12:30:60",
                            "2018-05-01T12:30:59.",
                            "2018-05-01T12:30Zx",
                            "2018-05-01T12:30+24:00",
                            "2018-05-01T12:30+1",
                            "2018-05-01Z",
                            "+018-05-01",
                            "2018-05-01T12:30+02:60",
                            "2018-05-01T-1:30",
                            "99999-01-01",
                            "yesterday"})
    CHECK_MESSAGE(!find_iso_time(wrong), wrong);
  CHECK_FALSE(find_iso_time(std::string_view("2018-05\0", 8)));
  CHECK_THROWS_WITH_AS(time_from_iso("soon"), doctest::Contains("'soon' is no time"),
                       Error);
}

TEST_CASE("HTTP dates are read in their three forms and written in the first") {
  const auto time = time_from_iso("1994-11-06T08:49:37Z");
  CHECK(http_text(time) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(time_from_http("Sun, 06 Nov 1994 08:49:37 GMT") == time);
  CHECK(time_from_http("Sunday, 06-Nov-94 08:49:37 GMT") == time);
  CHECK(time_from_http("Sun Nov  6 08:49:37 1994") == time);
  CHECK(http_text(time_from_iso("2024-02-29T23:59:59.9Z")) ==
        "Thu, 29 Feb 2024 23:59:59 GMT");
  for (const char* wrong :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT+1", "1994-11-06"})
    CHECK_MESSAGE(!time_from_http(wrong), wrong);
}

TEST_CASE("now is after this was written") { CHECK(now() > time_from_iso("2024-01-01")); }
