#include "terrazzo/base/fields.hpp"

#include <doctest/doctest.h>

using namespace terrazzo;

namespace {

struct Params {
  std::string crs = "EPSG:4326";
  double pad = 0;
  std::array<int, 2> size{256, 256};
  std::optional<int> limit;
  std::string method = "average";
  bool quick = false;
  void fields(auto& f) {
    f("crs", crs, "Reference system.");
    f("pad", pad, "Margin, metres.", required());
    f("size", size, "Rows and columns.", at_least(1));
    f("limit", limit, "At most this many.");
    f("method", method, "Kernel.", one_of({"average", "nearest"}));
    f("quick", quick, "Skip what can be skipped.");
  }
};

std::string message_of(const Json& json) {
  try {
    from_json<Params>(json, "step 'crop'");
  } catch (const Error& e) {
    return e.message();
  }
  return "";
}

}  // namespace

TEST_CASE("a params struct reads itself from JSON") {
  const auto p =
      from_json<Params>({{"pad", 2}, {"limit", nullptr}, {"size", {4, 8}}}, "crop");
  CHECK(p.pad == 2);
  CHECK(p.crs == "EPSG:4326");
  CHECK(p.size == std::array{4, 8});
  CHECK_FALSE(p.limit);
}

TEST_CASE("a wrong key is named in the error with what would be right") {
  CHECK(message_of({{"crs", "x"}}) == "step 'crop': 'pad' is missing");
  CHECK(message_of({{"pad", "wide"}}) ==
        "step 'crop': 'pad' cannot be \"wide\"; it is a number");
  CHECK(message_of({{"pad", 1}, {"padd", 2}}) ==
        "step 'crop': no option is called 'padd'; did you mean 'pad'?");
  CHECK(message_of({{"pad", 1}, {"frobnicate", 2}}) ==
        "step 'crop': no option is called 'frobnicate'; it has: crs, pad, size, limit, "
        "method, quick");
  CHECK(message_of({{"pad", 1}, {"size", {0, 1}}}) ==
        "step 'crop': 'size' cannot be 0; it is at least 1");
  CHECK(message_of({{"pad", 1}, {"size", {1}}}) ==
        "step 'crop': 'size' cannot be [1]; it is a list of 2 integers");
  CHECK(message_of({{"pad", 1}, {"method", "best"}}) ==
        "step 'crop': 'method' cannot be \"best\"; it is one of: average, nearest");
  CHECK(message_of(Json::array()) ==
        "step 'crop': this must be an object of named values, not array");
}

TEST_CASE("the same description gives the schema") {
  const Json schema = json_schema<Params>();
  CHECK(schema["required"] == Json::array({"pad"}));
  CHECK(schema["properties"]["crs"]["default"] == "EPSG:4326");
  CHECK(schema["properties"]["size"]["items"]["minimum"] == 1);
  CHECK(schema["additionalProperties"] == false);
}

TEST_CASE("text becomes the JSON that the field's type wants") {
  const auto rows = field_rows<Params>();
  CHECK(json_of_text("flags", rows[0], "5") == "5");
  CHECK(json_of_text("flags", rows[1], "5") == 5);
  CHECK(json_of_text("flags", rows[2], "[1, 2]") == Json::array({1, 2}));
  CHECK(json_of_text("flags", rows[5], "Yes") == true);
  CHECK_THROWS_WITH_AS(json_of_text("flags", rows[1], "wide"),
                       doctest::Contains("'pad' cannot be 'wide'; it is a number"),
                       Error);
}

TEST_CASE("a number that the field cannot hold is refused, not cut") {
  CHECK(message_of({{"pad", 1}, {"limit", 3'000'000'000}}) ==
        "step 'crop': 'limit' cannot be 3000000000; that is too large or too small");
  CHECK(message_of({{"pad", 1}, {"size", {1, 18'446'744'073'709'551'615U}}})
            .find("too large") != std::string::npos);
}

TEST_CASE("text that is not UTF-8 or very long cannot break a message") {
  CHECK(message_of({{"pad", 1}, {"method", "\xFF"}}).find("it is one of") !=
        std::string::npos);
  CHECK(message_of({{"pad", std::string(100'000, 'x')}}).size() < 500);
  CHECK(message_of({{"\xFF", 1}, {"pad", 1}}).find("no option is called") !=
        std::string::npos);
}

TEST_CASE("one value is checked against its row") {
  const auto rows = field_rows<Params>();
  check_value("TC_SIZE", rows[2], Json::array({1, 2}));
  check_value("TC_LIMIT", rows[3], nullptr);
  CHECK_THROWS_WITH_AS(check_value("TC_SIZE", rows[2], Json::array({1, 0})),
                       doctest::Contains("TC_SIZE: 'size' cannot be 0"), Error);
  CHECK_THROWS_WITH_AS(check_value("TC_QUICK", rows[5], nullptr),
                       doctest::Contains("it is a boolean"), Error);
}
