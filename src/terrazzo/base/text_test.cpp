#include "terrazzo/base/text.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace terrazzo;

TEST_CASE("what a stranger wrote is shown short, without controls and broken bytes") {
  CHECK(shown("plain") == "plain");
  CHECK(shown("a\nb\x7F") ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
  CHECK(shown("\xC3\xA9\xC3") == "\xC3\xA9\xEF\xBF\xBD");
  CHECK(shown("\xED\xA0\x80", 1) == "\xEF\xBF\xBD\xE2\x80\xA6");  // a surrogate
  CHECK(shown("\xC3\xA9\xC3\xA9\xC3\xA9", 2) == "\xC3\xA9\xC3\xA9\xE2\x80\xA6");
}

TEST_CASE("code points are read from UTF-8 and broken bytes one at a time") {
  CHECK(code_point_at("\xF0\x9F\x8C\x8D", 0).value == 0x1F30D);
  CHECK(code_point_at("\xF0\x9F\x8C\x8D", 0).bytes == 4);
  CHECK_FALSE(code_point_at("\xC0\xAF", 0).valid);          // overlong
  CHECK_FALSE(code_point_at("\xF4\x90\x80\x80", 0).valid);  // beyond U+10FFFF
  CHECK(code_point_at("\xE2\x82", 0).bytes == 1);           // cut short
}

TEST_CASE("letters and digits of any script are, punctuation and symbols are not") {
  for (const char32_t c : U"aZ9éßñЖж中文かカ한ع९µªÀÿ")
    if (c != 0) CHECK_MESSAGE(is_letter_or_digit(c), static_cast<unsigned>(c));
  for (const char32_t c : U" _-./×÷«»¿–—…€→√■、。「」\u00A0\u3000\U0001F30D\uE000")
    if (c != 0) CHECK_MESSAGE(!is_letter_or_digit(c), static_cast<unsigned>(c));
  CHECK(is_word_char('_'));
}

TEST_CASE("text is split, trimmed and lowered") {
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
  CHECK(trimmed(" \ta b\r\n") == "a b");
  CHECK(trimmed(" \t") == "");
  CHECK(lower_case("EPSG:\xC3\x89") == "epsg:\xC3\x89");
}

TEST_CASE("numbers look as in Python") {
  CHECK(python_number(1) == "1.0");
  CHECK(python_number(-0.0) == "-0.0");
  CHECK(python_number(0.1) == "0.1");
  CHECK(python_number(1e16) == "1e+16");
  CHECK(python_number(9999999999999998.0) == "9999999999999998.0");
  CHECK(python_number(0.0001) == "0.0001");
  CHECK(python_number(0.00001) == "1e-05");
  CHECK(python_number(1.5e-7) == "1.5e-07");
  CHECK(python_number(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(python_number(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(python_number(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("a misspelt word is likely one that differs in few letters") {
  const std::vector<std::string_view> names{"ingest", "serve", "max_tile_size"};
  CHECK(likely("ingets", names) == "ingest");
  CHECK(likely("sreve", names) == "serve");
  CHECK(likely("max_tilesize", names) == "max_tile_size");
  CHECK(likely("frobnicate", names).empty());
  CHECK(likely(std::string(100'000, 's'), names).empty());
  CHECK(likely("x", {}).empty());
}
