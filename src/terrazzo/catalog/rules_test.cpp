#include "terrazzo/catalog/rules.hpp"

#include <doctest/doctest.h>

namespace terrazzo::catalog {

TEST_CASE("key tuples look like Python's") {
  CHECK(key_tuple({{"a", ""}}) == "('a',)");
  CHECK(key_tuple({{"a", ""}, {"b", "x"}}) == "('a', 'b')");
}

TEST_CASE("key names are words, not reserved, and stand once") {
  CHECK_NOTHROW(check_key_names({{"type", ""}, {"Größe", "x"}, {"band", ""}}));
  const std::vector<std::vector<KeyName>> bad{{},
                                              {{"", ""}},
                                              {{"a b", ""}},
                                              {{"a\"", ""}},
                                              {{"a\n", ""}},
                                              {{"limit", ""}},
                                              {{"page", ""}},
                                              {{"Path", ""}},
                                              {{"min", ""}},
                                              {{"terrazzo_band", ""}},
                                              {{"a", ""}, {"a", ""}},
                                              {{"a", ""}, {"A", ""}},
                                              {{"a", "\xff"}}};
  for (const auto& names : bad) {
    CAPTURE(key_tuple(names));
    CHECK_THROWS_AS(check_key_names(names), Error);
  }
}

TEST_CASE("every unknown key of a query is named once") {
  const std::vector<KeyName> names{{"type", ""}};
  CHECK_THROWS_WITH_AS(
      check_filters(names, {.where = {{"foo", {"1"}}, {"bar", {}}, {"foo", {"2"}}}}),
      doctest::Contains(
          "Encountered unrecognized keys {'bar', 'foo'} (available keys: ('type',))"),
      Error);
  CHECK_NOTHROW(check_filters(names, {.where = {{"type", {"1"}}}}));
}

}  // namespace terrazzo::catalog
