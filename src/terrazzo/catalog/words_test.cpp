#include "terrazzo/catalog/words.hpp"

#include <doctest/doctest.h>

namespace terrazzo::catalog {

TEST_CASE("words are letters, digits and underscores of any script") {
  for (const char* word : {"a", "_", "sensor_2", "Zürich", "日付", "дата"}) {
    CAPTURE(word);
    CHECK(is_word(word));
  }
  for (const char* text :
       {"", "a b", "a-b", "a\n", "ü!", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82"}) {
    CAPTURE(text);
    CHECK_FALSE(is_word(text));
  }
}

TEST_CASE("folding makes letters of every script lower-case") {
  CHECK(folded("S2-ÉTÉ ДАТА 𐐀") == "s2-été дата 𐐨");
  CHECK(folded("A\xff") == "a\xff");
  CHECK(folded_words(" Ab\tC  d\n") == std::vector<std::string>{"ab", "c", "d"});
  CHECK(folded_words("  ").empty());
}

}  // namespace terrazzo::catalog
