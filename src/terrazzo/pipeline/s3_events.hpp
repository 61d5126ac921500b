#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace terrazzo::pipeline {

// What S3 tells of one object.
struct S3Event {
  std::string uri;        // s3://bucket/key, with the key as it is
  std::string sequencer;  // empty: not told
  bool removed = false;
};

// The events in a notification of S3: as it comes from S3, and in the envelopes of SNS,
// SQS and EventBridge, also in those that a Lambda function gets. Test events are none.
// Source: Amazon S3 User Guide, "Event message structure", "EventBridge event message
// structure".
// Throws invalid_input: it is not JSON, or no such notification.
std::vector<S3Event> s3_events_of(std::string_view notification);

}  // namespace terrazzo::pipeline
