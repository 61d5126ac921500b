#include "terrazzo/maps/settings.hpp"

#include <doctest/doctest.h>

using namespace terrazzo;
using namespace terrazzo::maps;

TEST_CASE("settings are right as they come") { CHECK_NOTHROW(check(Settings{})); }

TEST_CASE("the default tile is one that may be asked for") {
  Settings settings;
  settings.max_tile_size = 100;
  CHECK_THROWS_WITH_AS(check(settings),
                       doctest::Contains("'max_tile_size' cannot be 100 while "
                                         "'default_tile_size' is [256, 256]; it is at "
                                         "least 256"),
                       Error);
  settings.default_tile_size = {100, 50};
  CHECK_NOTHROW(check(settings));
}

TEST_CASE("a header value holds nothing that ends the header") {
  for (const char* text : {"no-cache\r\nSet-Cookie: a=b", "a\nb", "a\x7f", "a\tb"}) {
    CAPTURE(text);
    Settings settings;
    settings.cache_control = text;
    CHECK_THROWS_WITH_AS(check(settings), doctest::Contains("'cache_control' cannot be"),
                         Error);
  }
  Settings settings;
  settings.cache_control = "public, max-age=3600";
  CHECK_NOTHROW(check(settings));
}
