#include "terrazzo/io/s3_file.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "support/loopback_server.hpp"
#include "support/thrown.hpp"
#include "support/variables.hpp"
#include "terrazzo/base/time.hpp"
#include "terrazzo/io/xml_text.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::environment_of;
using terrazzo::testing::error_of;
using terrazzo::testing::file_answer;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;

namespace {

const std::string& content() {
  static const std::string bytes = testing::numbered_bytes(100'000);
  return bytes;
}

// An account at a server of the test.
struct Bucket {
  explicit Bucket(LoopbackServer::Script script, testing::Variables variables = {})
      : server(std::move(script)), client({.first_pause = std::chrono::milliseconds{1}}) {
    variables.emplace("AWS_S3_ENDPOINT", server.url(""));
    variables.emplace("AWS_ACCESS_KEY_ID", "AKID");
    variables.emplace("AWS_SECRET_ACCESS_KEY", "hush");
    variables.emplace("AWS_REGION", "eu-central-1");
    account = std::make_shared<S3Account>(environment_of(std::move(variables)), client);
  }

  std::shared_ptr<const ByteSource> open(const std::string& uri = "s3://data/a/b.tif") {
    return open_s3(uri, account, {});
  }

  LoopbackServer server;
  HttpClient client;
  std::shared_ptr<S3Account> account;
};

ScriptedAnswer good(const SeenRequest& request) {
  return file_answer(request, content());
}

}  // namespace

TEST_CASE("an object is read by signed requests") {
  Bucket bucket{good, {{"AWS_SESSION_TOKEN", "tok"}, {"AWS_REQUEST_PAYER", "requester"}}};
  const auto source = bucket.open("s3://data/a b/ü+.tif");
  CHECK(source->size() == content().size());
  std::string text(10, '.');
  const Piece piece{90'000, std::as_writable_bytes(std::span{text})};
  source->read({&piece, 1});
  CHECK(text == content().substr(90'000, 10));
  REQUIRE(bucket.server.seen().size() == 2);
  for (const SeenRequest& seen : bucket.server.seen()) {
    CHECK(seen.target == "/data/a%20b/%C3%BC%2B.tif");
    CHECK(seen.header("x-amz-request-payer") == "requester");
    CHECK(seen.header("x-amz-security-token") == "tok");
    CHECK(seen.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKID/"));
    CHECK(seen.header("authorization")
              .find("/eu-central-1/s3/aws4_request,SignedHeaders=host;"
                    "x-amz-content-sha256;x-amz-date;"
                    "x-amz-request-payer;x-amz-security-token,") != std::string::npos);
    CHECK(seen.header("host") == bucket.server.host());
  }
  CHECK(bucket.server.seen()[1].header("if-match") == "\"v1\"");
}

TEST_CASE("a public object is read without a signature") {
  Bucket bucket{good, {{"AWS_NO_SIGN_REQUEST", "YES"}}};
  bucket.open();
  CHECK(bucket.server.seen().at(0).header("authorization").empty());
  CHECK(bucket.server.seen().at(0).header("x-amz-date").empty());
}

TEST_CASE("the generation is what listings tell too: the ETag, not the version") {
  Bucket bucket{[](const SeenRequest& request) {
    ScriptedAnswer answer = good(request);
    answer.headers.emplace_back("x-amz-version-id", "v7");
    return answer;
  }};
  CHECK(bucket.open()->generation() == "\"v1\"");
}

TEST_CASE("a bucket in another region is found and remembered") {
  Bucket bucket{[](const SeenRequest& request) -> ScriptedAnswer {
    if (request.header("authorization").find("/us-west-2/") != std::string::npos)
      return good(request);
    return {.status = 301, .headers = {{"x-amz-bucket-region", "us-west-2"}}};
  }};
  bucket.open();
  bucket.open();
  CHECK(bucket.server.seen().size() == 3);
}

TEST_CASE("the region may stand in the text, and must be one") {
  std::string region = "us-west-2";
  Bucket bucket{[&](const SeenRequest& request) -> ScriptedAnswer {
    if (request.header("authorization").find("/us-west-2/") != std::string::npos)
      return good(request);
    return {.status = 400,
            .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>" + region +
                    "</Region></Error>"};
  }};
  bucket.open();
  CHECK(bucket.server.seen().size() == 2);
  region = "evil.example.org/";
  CHECK(error_of([&] { bucket.open("s3://other/a"); }).kind() == ErrorKind::denied);
  CHECK(bucket.server.seen().size() == 3);
}

TEST_CASE("what S3 says of a failure goes to the log") {
  Bucket bucket{[](const SeenRequest&) -> ScriptedAnswer {
    return {.status = 403,
            .headers = {{"x-amz-bucket-region", "eu-central-1"}},
            .body = "<Error><Code>AccessDenied</Code><Message>Not &lt;you&gt;</Message>"};
  }};
  const Error error = error_of([&] { bucket.open(); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message() == "'b.tif' may not be read: the server answers 403");
  const std::string what = error.what();
  CHECK(what.find("S3 says AccessDenied: Not <you>") != std::string::npos);
  CHECK(what.find("hush") == std::string::npos);
  CHECK(what.find("AKID") == std::string::npos);
  CHECK(bucket.server.seen().size() == 1);
}

TEST_CASE("an object or a bucket that is not there is not found") {
  Bucket bucket{[](const SeenRequest&) -> ScriptedAnswer {
    return {.status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>"};
  }};
  CHECK(error_of([&] { bucket.open(); }).kind() == ErrorKind::not_found);
}

TEST_CASE("credentials that have expired are renewed") {
  std::atomic<int> asked{0};
  const LoopbackServer credentials{[&](const SeenRequest&) {
    return ScriptedAnswer{
        .body = fmt::format(R"({{"AccessKeyId":"id{}","SecretAccessKey":"x","Token":"t",)"
                            R"("Expiration":"2100-01-01T00:00:00Z"}})",
                            ++asked)};
  }};
  Bucket bucket{[](const SeenRequest& request) -> ScriptedAnswer {
                  if (request.header("authorization").find("=id2/") != std::string::npos)
                    return good(request);
                  return {.status = 400,
                          .body = "<Error><Code>ExpiredToken</Code></Error>"};
                },
                {{"AWS_ACCESS_KEY_ID", ""},
                 {"AWS_CONTAINER_CREDENTIALS_FULL_URI", credentials.url("/")}}};
  bucket.open();
  CHECK(asked == 2);
}

TEST_CASE("a clock that is wrong is set by the server's, once") {
  const Time there = now() + std::chrono::hours{5};
  std::atomic<int> refused{0};
  Bucket bucket{[&](const SeenRequest& request) -> ScriptedAnswer {
    const std::string date = request.header("x-amz-date");
    const auto signed_at = find_iso_time(fmt::format(
        "{}-{}-{}T{}:{}:{}Z", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2),
        date.substr(9, 2), date.substr(11, 2), date.substr(13, 2)));
    if (signed_at && std::chrono::abs(*signed_at - there) < std::chrono::minutes{15})
      return good(request);
    ++refused;
    return {.status = 403,
            .headers = {{"Date", http_text(there)}},
            .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"};
  }};
  bucket.open();
  bucket.open();
  CHECK(refused == 1);

  Bucket stubborn{[](const SeenRequest&) -> ScriptedAnswer {
    return {.status = 403,
            .headers = {{"Date", http_text(now())}},
            .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"};
  }};
  CHECK(error_of([&] { stubborn.open(); }).kind() == ErrorKind::denied);
  CHECK(stubborn.server.seen().size() == 1);
}

TEST_CASE("a redirection of S3 is not followed with a signature") {
  const LoopbackServer stranger{good};
  Bucket bucket{[&](const SeenRequest&) -> ScriptedAnswer {
    return {.status = 307, .headers = {{"Location", stranger.url("/data/a/b.tif")}}};
  }};
  CHECK(error_of([&] { bucket.open(); }).kind() == ErrorKind::unavailable);
  CHECK(stranger.seen().empty());
}

TEST_CASE("what is no name of an object is refused") {
  Bucket bucket{good};
  for (const char* uri : {"s3://", "s3://data", "s3://data/", "s3:///a", "s3://a@b/c",
                          "s3://host:80/c", "s3://evil.org#/c"}) {
    CAPTURE(uri);
    CHECK(error_of([&] { bucket.open(uri); }).kind() == ErrorKind::invalid_input);
  }
  CHECK(bucket.server.seen().empty());
}

TEST_CASE("texts of XML") {
  CHECK(xml_text("<a><b>x &amp;lt; y</b><b>z</b></a>", "b") == "x &lt; y");
  CHECK(xml_text("<b></b>", "b") == "");
  CHECK(!xml_text("<b>", "b"));
  CHECK(!xml_text("", "b"));
}
