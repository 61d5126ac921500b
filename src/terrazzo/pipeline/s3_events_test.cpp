#include "terrazzo/pipeline/s3_events.hpp"

#include <doctest/doctest.h>

#include "support/thrown.hpp"
#include "terrazzo/base/fields.hpp"

namespace terrazzo::pipeline {
namespace {

std::string direct(const std::string& key = "in/a+b%2Bc%C3%A9.tif",
                   const std::string& name = "ObjectCreated:Put") {
  const Json record{{"eventSource", "aws:s3"},
                    {"eventName", name},
                    {"s3",
                     {{"bucket", {{"name", "office"}}},
                      {"object", {{"key", key}, {"sequencer", "0055AED6"}}}}}};
  return Json{{"Records", Json::array({record})}}.dump();
}

void check_one(const std::string& text) {
  const auto events = s3_events_of(text);
  REQUIRE(events.size() == 1);
  CHECK(events[0].uri == "s3://office/in/a b+cé.tif");
  CHECK(events[0].sequencer == "0055AED6");
  CHECK_FALSE(events[0].removed);
}

}  // namespace

TEST_CASE("a notification is read as it comes from S3, with its key decoded") {
  check_one(direct());
}

TEST_CASE("a notification is found in the envelopes of SNS, SQS and EventBridge") {
  const Json sns{{"Type", "Notification"}, {"Message", direct()}};
  check_one(sns.dump());
  check_one(
      Json{{"Records", Json::array({Json{{"Sns", {{"Message", direct()}}}}})}}.dump());
  check_one(Json{{"Messages", Json::array({Json{{"Body", direct()}}})}}.dump());
  check_one(Json{{"Records", Json::array({Json{{"body", sns.dump()}}})}}.dump());
  check_one(Json{{"source", "aws.s3"},
                 {"detail-type", "Object Created"},
                 {"detail",
                  {{"bucket", {{"name", "office"}}},
                   {"object", {{"key", "in/a b+cé.tif"}, {"sequencer", "0055AED6"}}}}}}
                .dump());
}

TEST_CASE(
    "removals are told apart; what is neither a creation nor a removal is nothing") {
  CHECK(s3_events_of(direct("a", "ObjectRemoved:Delete")).at(0).removed);
  CHECK(s3_events_of(direct("a", "ObjectRestore:Post")).empty());
  CHECK(s3_events_of(R"({"Service":"Amazon S3","Event":"s3:TestEvent"})").empty());
}

TEST_CASE("what is no notification is refused") {
  for (const char* text : {"", "{", "3", "{}", R"({"Records":[{"s3":{}}]})",
                           R"({"Message":"x"})", R"({"Records":3})"})
    CHECK(testing::kind_of([&] { (void)s3_events_of(text); }) ==
          ErrorKind::invalid_input);
  std::string deep = direct();
  for (int i = 0; i < 10; ++i) deep = Json{{"Message", deep}}.dump();
  CHECK(testing::kind_of([&] { (void)s3_events_of(deep); }) == ErrorKind::invalid_input);
}

}  // namespace terrazzo::pipeline
