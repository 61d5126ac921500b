#include "terrazzo/http/text.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace terrazzo;
using namespace terrazzo::http;

TEST_CASE("texts are printed as Python's repr prints them") {
  CHECK(python_repr("a") == "'a'");
  CHECK(python_repr("") == "''");
  CHECK(python_repr("it's") == "\"it's\"");
  CHECK(python_repr("it's \"x\"") == R"('it\'s "x"')");
  CHECK(python_repr("a\\b") == R"('a\\b')");
  CHECK(python_repr("a\n\r\t\x01\x7f") == R"('a\n\r\t\x01\x7f')");
  CHECK(python_repr("é€𝄞") == "'é€𝄞'");
  CHECK(python_repr("\u00a0\u00ad\u200b\u2028\U000e0001") ==
        R"('\xa0\xad\u200b\u2028\U000e0001')");
}

TEST_CASE("JSON is read as json.loads reads it") {
  CHECK(python_json("[1, 2.5, -3e2, true, null, \"a\"]")->dump() ==
        "[1,2.5,-300.0,true,null,\"a\"]");
  CHECK(std::isnan(python_json("NaN")->get<double>()));
  CHECK(python_json("-Infinity")->get<double>() < 0);
  CHECK(python_json("{\"a\":1,\"b\":2,\"a\":3}")->dump() == R"({"a":3,"b":2})");
  CHECK(python_json(R"("\ud834\udd1e\u00e9\n")")->get<std::string>() == "𝄞é\n");
  CHECK(python_json(R"("\ud834")")->get<std::string>() == "\uFFFD");
  CHECK(python_json(R"("\ud834\u0041")")->get<std::string>() == "\uFFFDA");
  CHECK(python_json("123456789012345678901234567890")->is_number_float());
}

TEST_CASE("what json.loads refuses is no JSON") {
  for (const auto text : {"",
                          " ",
                          "[",
                          "[1,]",
                          "{\"a\":}",
                          "{a:1}",
                          "01",
                          "1.",
                          ".5",
                          "+1",
                          "-",
                          "nan",
                          "'a'",
                          "\"a",
                          "\"\n\"",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "[1] x",
                          "tru",
                          "{\"a\" 1}",
                          "{1:2}",
                          "\xff",
                          "\xef\xbb\xbf[]",
                          "[1 2]",
                          "{\"a\":1,}"}) {
    CAPTURE(text);
    CHECK(!python_json(text));
  }
  CHECK(!python_json(std::string(100'000, '[')));
}

TEST_CASE("numbers are read as int and float of Python read them") {
  CHECK(python_int(" 12\n") == 12);
  CHECK(python_int("+1_000") == 1000);
  CHECK(python_int("-07") == -7);
  CHECK(python_int("99999999999999999999") == std::numeric_limits<std::int64_t>::max());
  for (const auto text : {"", "-", "1.5", "1__0", "_1", "1_", "0x1", "1 2", "a"})
    CHECK(!python_int(text));
  CHECK(python_float(" 2.50 ") == 2.5);
  CHECK(python_float(".5e1_0") == .5e10);
  CHECK(python_float("5.") == 5);
  CHECK(std::isnan(python_float("-NaN").value()));
  CHECK(python_float("-inf").value() < 0);
  CHECK(std::isinf(python_float("1e999").value()));
  for (const auto text : {"", ".", "e5", "1e", "1e+", "0x1p3", "1,5", "infinit", "1_.5"})
    CHECK(!python_float(text));
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  CHECK(utf8_repaired("a\xff\x62") == "a\uFFFDb");
  CHECK(is_utf8("é"));
  CHECK(!is_utf8("\xc3"));
}
