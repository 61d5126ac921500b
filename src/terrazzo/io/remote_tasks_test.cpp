#include "terrazzo/io/remote_tasks.hpp"

#include <doctest/doctest.h>

#include "support/thrown.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;

TEST_CASE("what an answer says it brings") {
  const auto part = content_range("bytes 10-19/100");
  REQUIRE(part);
  CHECK(part->offset == 10);
  CHECK(part->length == 10);
  CHECK(part->size == 100);
  CHECK(!content_range("Bytes 0-0/*")->size);
  CHECK(content_range("bytes */100")->length == 0);
  for (const char* wrong :
       {"", "bytes", "bytes 0-9", "bytes 9-0/100", "bytes 0-100/100", "bytes -5/100",
        "bytes */*", "bytes 0-x/100", "items 0-9/100", "bytes 0-9/1e2",
        "bytes 0-18446744073709551615/*", "bytes 0-99999999999999999999/*"})
    CHECK_MESSAGE(!content_range(wrong), wrong);
}

TEST_CASE("a pin says what it was made of, and nothing else is one") {
  const Pin pin{{.etag = "\"v1\"", .modified = "today"}, 1000};
  const Pin back = pin_of(pin.text());
  CHECK(back.identity.etag == "\"v1\"");
  CHECK(back.identity.modified == "today");
  CHECK(back.size == 1000);
  CHECK(Pin{{.etag = "W/\"v1\""}, 1000}.text().empty());
  for (const char* wrong : {"", "a", "\"v1\"\n\n", "\n\n5", "W/\"v1\"\n\n5",
                            "\"v1\"\n\n5\n", "\"v1\"\n\n\n5"})
    CHECK(kind_of([&] { (void)pin_of(wrong); }) == ErrorKind::corrupt_data);
}
