#include "terrazzo/pipeline/s3_events.hpp"

#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::pipeline {
namespace {

constexpr int deepest = 10;  // values in values: SNS in SQS in an event of Lambda is 9

// Empty: there is no such text.
std::string text_at(const Json& json, const char* pointer) {
  const Json::json_pointer at{pointer};
  if (!json.contains(at) || !json.at(at).is_string()) return {};
  return json.at(at).get<std::string>();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Keys in notifications are encoded as forms are: blanks as +.
std::string decoded(std::string_view key) {
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool is_escape = key[i] == '%' && i + 2 < key.size();
    const int high = is_escape ? hex_digit(key[i + 1]) : -1;
    const int low = is_escape ? hex_digit(key[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      text += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      text += key[i] == '+' ? ' ' : key[i];
    }
  }
  return text;
}

class Reader {
 public:
  void take(const Json& json, int depth) {
    if (depth > deepest) throw wrong();
    if (json.is_string()) {
      take_text(json.get_ref<const std::string&>(), depth);
    } else if (json.is_array()) {
      for (const Json& item : json) take(item, depth + 1);
    } else if (json.is_object()) {
      take_object(json, depth);
    } else {
      throw wrong();
    }
  }

  void take_text(std::string_view text, int depth) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) throw wrong();
    take(json, depth + 1);
  }

  std::vector<S3Event> events;

 private:
  static Error wrong() {
    return invalid(
        "this is no notification of S3, nor one in an envelope of SNS, SQS or "
        "EventBridge");
  }

  void take_object(const Json& json, int depth) {
    if (json.contains("s3"))
      take_record(json);
    else if (json.contains("detail"))
      take_bridged(json);
    else if (text_at(json, "/Event") == "s3:TestEvent")
      return;
    else
      take_envelope(json, depth);
  }

  void take_envelope(const Json& json, int depth) {
    for (const char* inside :
         {"/Records", "/Messages", "/Sns/Message", "/Message", "/body", "/Body"}) {
      const Json::json_pointer at{inside};
      if (!json.contains(at)) continue;
      take(json.at(at), depth + 1);
      return;
    }
    throw wrong();
  }

  void take_record(const Json& record) {
    const auto name = text_at(record, "/eventName");
    add(text_at(record, "/s3/bucket/name"), decoded(text_at(record, "/s3/object/key")),
        text_at(record, "/s3/object/sequencer"),
        name.find("ObjectRemoved:") != std::string::npos,
        name.find("ObjectCreated:") != std::string::npos);
  }

  // Keys are as they are here.
  void take_bridged(const Json& event) {
    const auto type = text_at(event, "/detail-type");
    add(text_at(event, "/detail/bucket/name"), text_at(event, "/detail/object/key"),
        text_at(event, "/detail/object/sequencer"), type == "Object Deleted",
        type == "Object Created");
  }

  void add(const std::string& bucket, const std::string& key, std::string sequencer,
           bool removed, bool created) {
    if (bucket.empty() || key.empty()) throw wrong();
    if (removed || created)
      events.push_back(
          {fmt::format("s3://{}/{}", bucket, key), std::move(sequencer), removed});
  }
};

}  // namespace

std::vector<S3Event> s3_events_of(std::string_view notification) {
  Reader reader;
  reader.take_text(notification, 0);
  return std::move(reader.events);
}

}  // namespace terrazzo::pipeline
