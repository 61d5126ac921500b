#include "terrazzo/io/s3_store.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "support/s3_server.hpp"
#include "support/thrown.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::error_of;
using terrazzo::testing::kind_of;
using terrazzo::testing::numbered_bytes;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;

namespace {

using std::chrono::milliseconds;
using MaybeAnswer = std::optional<ScriptedAnswer>;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

ScriptedAnswer refusal(int status, const std::string& code) {
  return {.status = status, .body = "<Error><Code>" + code + "</Code></Error>"};
}

bool is_put(const SeenRequest& request) { return request.method == "PUT"; }
bool is_part(const SeenRequest& request) {
  return request.target.find("partNumber=") != std::string::npos;
}
bool is_completion(const SeenRequest& request) {
  return request.method == "POST" &&
         request.target.find("uploadId=") != std::string::npos;
}

// Bytes of several parts.
const std::string& large() {
  static const std::string bytes = numbered_bytes(900'000);
  return bytes;
}

struct Bucket {
  explicit Bucket(testing::Variables variables = {})
      : client({.first_pause = std::chrono::milliseconds{1},
                .longest_pause = std::chrono::milliseconds{50}}) {
    variables.merge(server.variables());
    account = std::make_shared<S3Account>(testing::environment_of(std::move(variables)),
                                          client);
    store = s3_store(account, {.whole_put = 200'000,
                               .put_part = 100'000,
                               .whole_copy = 200'000,
                               .copy_part = 150'000,
                               .page = 2});
  }

  StoredObject put(std::string_view text, const PutOptions& options = {}) {
    return store->put_bytes(uri, bytes_of(text), options);
  }
  std::string content() const {
    const auto object = server.find("a/b.tif");
    return object ? object->content : "nothing";
  }
  // What the first `times` requests of a kind get instead of an answer.
  void lose(int times, std::function<bool(const SeenRequest&)> which,
            MaybeAnswer instead) {
    auto left = std::make_shared<std::atomic<int>>(times);
    server.set_trouble([=, which = std::move(which)](const SeenRequest& request) {
      return which(request) && left->fetch_sub(1) > 0 ? instead : std::nullopt;
    });
  }

  const std::string uri = "s3://data/a/b.tif";
  testing::S3Server server;
  HttpClient client;
  std::shared_ptr<S3Account> account;
  std::unique_ptr<Store> store;
};

}  // namespace

TEST_CASE("an object is put with its type, its ACL and its whole hash signed") {
  Bucket bucket{{{"AWS_REQUEST_PAYER", "requester"}}};
  const StoredObject put =
      bucket.put("content", {.content_type = "image/tiff", .acl = Acl::public_read});
  const auto kept = bucket.server.find("a/b.tif");
  REQUIRE(kept);
  CHECK(kept->content == "content");
  CHECK(kept->headers.at("content-type") == "image/tiff");
  CHECK(kept->headers.at("x-amz-acl") == "public-read");
  CHECK(!kept->headers.contains("x-amz-meta-terrazzo-put"));
  CHECK(put.generation == kept->etag);
  const SeenRequest seen = bucket.server.requests().seen().at(0);
  CHECK(seen.header("x-amz-content-sha256") == sha256_hex("content"));
  CHECK(seen.header("x-amz-request-payer") == "requester");
  CHECK(seen.header("expect").empty());
}

TEST_CASE("an object is put without a type if none is known") {
  Bucket bucket;
  bucket.put("content");
  CHECK(bucket.server.requests().seen().at(0).header("content-type").empty());
}

TEST_CASE("a large object goes by parts, many at the same time") {
  Bucket bucket;
  const StoredObject put = bucket.put(large(), {.content_type = "image/tiff"});
  const auto kept = bucket.server.find("a/b.tif");
  REQUIRE(kept);
  CHECK((kept->content == large()));
  CHECK(kept->etag == put.generation);
  CHECK(kept->headers.at("content-type") == "image/tiff");
  CHECK(bucket.server.count("PUT") == 9);
  CHECK(bucket.server.requests().connections() > 1);
  CHECK(bucket.server.uploads_under_way() == 0);
}

TEST_CASE("a part that is refused ends the upload, and nothing of it stays") {
  Bucket bucket;
  bucket.put("before");
  bucket.server.set_trouble([](const SeenRequest& request) -> MaybeAnswer {
    if (request.target.find("partNumber=3&") == std::string::npos) return std::nullopt;
    return refusal(403, "AccessDenied");
  });
  CHECK(kind_of([&] { bucket.put(large()); }) == ErrorKind::denied);
  CHECK(bucket.server.count("DELETE") == 1);
  CHECK(bucket.server.uploads_under_way() == 0);
  CHECK(bucket.content() == "before");
}

TEST_CASE("an upload that is cancelled is taken back all the same") {
  Bucket bucket;
  std::stop_source stopped;
  bucket.server.set_trouble([&](const SeenRequest& request) -> MaybeAnswer {
    if (request.target.find("partNumber=9&") != std::string::npos) stopped.request_stop();
    return std::nullopt;
  });
  CHECK(kind_of([&] {
          bucket.store->put_bytes(bucket.uri, bytes_of(large()), {},
                                  {.stop = stopped.get_token()});
        }) == ErrorKind::cancelled);
  CHECK(bucket.server.uploads_under_way() == 0);
  CHECK(!bucket.server.find("a/b.tif"));
}

TEST_CASE("a server that takes an object and then says nothing has its time") {
  Bucket bucket;
  HttpClient client{{.window = milliseconds{300}, .first_pause = milliseconds{1}}};
  const auto account = std::make_shared<S3Account>(
      testing::environment_of(bucket.server.variables()), client);
  const auto hurried = s3_store(account, {.whole_put = 200'000,
                                          .put_part = 100'000,
                                          .put_patience = milliseconds{300},
                                          .work_patience = milliseconds{300}});
  for (const auto which : {is_put, is_completion}) {
    bucket.lose(99, which, ScriptedAnswer{.mute = true});
    const std::string& text = which == is_completion ? large() : "content";
    CHECK(kind_of([&] { hurried->put_bytes(bucket.uri, bytes_of(text)); }) ==
          ErrorKind::timeout);
    CHECK(bucket.content() == "nothing");
    CHECK(bucket.server.uploads_under_way() == 0);
  }
}

TEST_CASE("storms of 503 are waited for") {
  Bucket bucket;
  bucket.lose(3, is_put, refusal(503, "SlowDown"));
  bucket.put("content");
  CHECK(bucket.content() == "content");
  CHECK(bucket.server.count("PUT") == 4);

  bucket.lose(3, is_part, refusal(500, "InternalError"));
  bucket.put(large());
  CHECK((bucket.content() == large()));

  const auto visit = [](const StoredObject&) { return true; };
  bucket.lose(3, [](const SeenRequest&) { return true; }, refusal(503, "SlowDown"));
  bucket.store->list("s3://data/", visit);
  bucket.lose(3, [](const SeenRequest&) { return true; }, refusal(503, "SlowDown"));
  bucket.store->remove(bucket.uri);
  CHECK(!bucket.server.find("a/b.tif"));

  bucket.lose(1000, [](const SeenRequest&) { return true; }, refusal(503, "SlowDown"));
  CHECK(kind_of([&] { bucket.put("content"); }) == ErrorKind::unavailable);
  CHECK(kind_of([&] { bucket.store->stat(bucket.uri); }) == ErrorKind::unavailable);
}

TEST_CASE("a refusal is not tried again") {
  Bucket bucket;
  bucket.server.set_trouble(
      [](const SeenRequest&) { return refusal(403, "AccessDenied"); });
  const Error error = error_of([&] { bucket.put("content"); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message() == "'b.tif' may not be written: the server answers 403");
  CHECK(std::string{error.what()}.find("S3 says AccessDenied") != std::string::npos);
  CHECK(bucket.server.requests().seen().size() == 1);
}

TEST_CASE("a body that breaks is sent again from its start") {
  Bucket bucket;
  bucket.lose(2, is_put, ScriptedAnswer{.hangs_up = true});
  bucket.put("content");
  CHECK(bucket.content() == "content");
  CHECK(bucket.server.count("PUT") == 3);
  bucket.lose(3, is_part, ScriptedAnswer{.hangs_up = true});
  bucket.put(large());
  CHECK((bucket.content() == large()));
}

TEST_CASE("errors that come with 200 are errors") {
  Bucket bucket;
  bucket.put(large());
  bucket.lose(2, is_completion, refusal(200, "InternalError"));
  bucket.put(large() + "more");
  CHECK((bucket.content() == large() + "more"));
  bucket.lose(1, is_completion, refusal(200, "AccessDenied"));
  CHECK_THROWS_AS(bucket.put(large()), Error);
  CHECK((bucket.content() == large() + "more"));
}

TEST_CASE("who put an object under a condition is told so though the answer got lost") {
  Bucket bucket;
  const auto lose_first = [&](auto which) {
    auto left = std::make_shared<std::atomic<int>>(1);
    bucket.server.set_loss([=](const SeenRequest& request) {
      return which(request) && left->fetch_sub(1) > 0;
    });
  };
  lose_first(is_put);
  const StoredObject put = bucket.put("content", {.if_absent = true});
  CHECK(bucket.content() == "content");
  CHECK(bucket.server.count("PUT") == 2);
  CHECK(put.generation == bucket.server.find("a/b.tif").value().etag);
  CHECK(kind_of([&] { bucket.put("content", {.if_absent = true}); }) ==
        ErrorKind::conflict);

  lose_first(is_put);
  bucket.put("other", {.if_match = put.generation});
  CHECK(bucket.content() == "other");

  lose_first(is_put);
  bucket.store->copy(bucket.uri, bucket.uri + "2", {.if_absent = true});
  CHECK(bucket.server.find("a/b.tif2").value().content == "other");

  lose_first(is_completion);
  bucket.put(large());
  CHECK((bucket.content() == large()));
  CHECK(bucket.server.uploads_under_way() == 0);
}

TEST_CASE("who lost the race is not taken for the winner though an answer got lost") {
  Bucket bucket;
  std::atomic<int> puts{0};
  bucket.server.set_trouble([&](const SeenRequest& request) -> MaybeAnswer {
    if (!is_put(request)) return std::nullopt;
    if (++puts == 1) return ScriptedAnswer{.hangs_up = true};
    return refusal(412, "PreconditionFailed");
  });
  CHECK(kind_of([&] { bucket.put("content", {.if_absent = true}); }) ==
        ErrorKind::conflict);
}

TEST_CASE("a conflict with others at the same moment is tried again") {
  Bucket bucket;
  bucket.lose(2, is_put, refusal(409, "ConditionalRequestConflict"));
  bucket.put("content", {.if_absent = true});
  CHECK(bucket.content() == "content");
  bucket.lose(99, is_put, refusal(409, "ConditionalRequestConflict"));
  CHECK(kind_of([&] { bucket.put("content"); }) == ErrorKind::conflict);
}

TEST_CASE("a condition that fails sends no content") {
  Bucket bucket;
  bucket.put("before");
  CHECK(kind_of([&] { bucket.put(large(), {.if_absent = true}); }) ==
        ErrorKind::conflict);
  CHECK(bucket.server.count("PUT") == 1);
  CHECK(bucket.server.count("POST") == 0);
}

TEST_CASE("a condition that the server does not know is unsupported") {
  Bucket bucket;
  bucket.server.refuse_conditions();
  for (const std::string& text : {std::string{"content"}, large()}) {
    const Error error = error_of([&] { bucket.put(text, {.if_absent = true}); });
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message() ==
          "'b.tif' cannot be written in this way: its server cannot do that "
          "(NotImplemented)");
  }
  CHECK(bucket.server.uploads_under_way() == 0);
  CHECK(bucket.content() == "nothing");
}

TEST_CASE("ACLs that a bucket does not know are unsupported") {
  Bucket bucket;
  bucket.put("content");
  bucket.server.set_trouble([](const SeenRequest& request) -> MaybeAnswer {
    if (request.header("x-amz-acl").empty()) return std::nullopt;
    return refusal(400, "AccessControlListNotSupported");
  });
  CHECK(kind_of([&] { bucket.store->set_acl(bucket.uri, Acl::public_read); }) ==
        ErrorKind::unsupported);
  CHECK(kind_of([&] { bucket.put("x", {.acl = Acl::public_read}); }) ==
        ErrorKind::unsupported);
}

TEST_CASE("a copy keeps the type, or gets its own, and the ACL it is given") {
  Bucket bucket;
  for (const std::string& text : {std::string{"content"}, large()}) {
    bucket.put(text, {.content_type = "image/tiff", .acl = Acl::public_read});
    const auto copy = [&](const PutOptions& options) {
      bucket.store->copy(bucket.uri, "s3://data/copy", options);
      const auto kept = bucket.server.find("copy");
      REQUIRE(kept);
      CHECK((kept->content == text));
      return kept->headers;
    };
    CHECK(copy({}).at("content-type") == "image/tiff");
    CHECK(!copy({}).contains("x-amz-acl"));
    CHECK(copy({.content_type = "text/plain"}).at("content-type") == "text/plain");
    CHECK(copy({.acl = Acl::owner}).at("x-amz-acl") == "private");
    CHECK(copy({.if_match = bucket.server.find("copy")->etag}).at("content-type") ==
          "image/tiff");
  }
}

TEST_CASE("what is copied must stay what it was") {
  Bucket bucket;
  for (const std::string& text : {std::string{"content"}, large()}) {
    bucket.put(text);
    bucket.server.set_trouble([](const SeenRequest& request) -> MaybeAnswer {
      if (request.header("x-amz-copy-source").empty()) return std::nullopt;
      CHECK(!request.header("x-amz-copy-source-if-match").empty());
      return refusal(412, "PreconditionFailed");
    });
    CHECK(kind_of([&] { bucket.store->copy(bucket.uri, "s3://data/copy"); }) ==
          ErrorKind::conflict);
    bucket.server.set_trouble({});
    CHECK(!bucket.server.find("copy"));
  }
  CHECK(bucket.server.uploads_under_way() == 0);
}

TEST_CASE("a bucket that is not there is not found, whatever is asked of it") {
  Bucket bucket;
  const std::string uri = "s3://gone/a";
  const auto visit = [](const StoredObject&) { return true; };
  for (const Error& error :
       {error_of([&] { bucket.store->stat(uri); }),
        error_of([&] { bucket.store->open(uri); }),
        error_of([&] { bucket.store->list("s3://gone", visit); }),
        error_of([&] { bucket.store->put_bytes(uri, {}); }),
        error_of([&] { bucket.store->put_bytes(uri, bytes_of(large())); }),
        error_of([&] { bucket.store->remove(uri); }),
        error_of([&] { bucket.store->set_acl(uri, Acl::owner); })}) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message() == "there is no bucket 'gone'");
  }
}

TEST_CASE("an object is put into a bucket of another region") {
  Bucket bucket;
  bucket.server.set_trouble([](const SeenRequest& request) -> MaybeAnswer {
    const bool right =
        request.header("authorization").find("/eu-west-3/") != std::string::npos;
    if (right) return ScriptedAnswer{.headers = {{"ETag", "\"x\""}}};
    return ScriptedAnswer{.status = 301,
                          .headers = {{"x-amz-bucket-region", "eu-west-3"}}};
  });
  CHECK(bucket.put("content").generation == "\"x\"");
  CHECK(bucket.server.requests().seen().size() == 2);
}

TEST_CASE("without signatures nothing is hashed") {
  Bucket bucket{{{"AWS_NO_SIGN_REQUEST", "YES"}}};
  bucket.server.set_trouble([](const SeenRequest& request) -> MaybeAnswer {
    CHECK(request.header("x-amz-content-sha256").empty());
    CHECK(request.header("authorization").empty());
    return ScriptedAnswer{.headers = {{"ETag", "\"x\""}}};
  });
  bucket.put("content");
}

TEST_CASE("a listing that is none, or never ends, is not believed") {
  Bucket bucket;
  std::string body;
  bucket.server.set_trouble(
      [&](const SeenRequest&) { return ScriptedAnswer{.body = body}; });
  const auto visit = [](const StoredObject&) { return true; };
  for (const char* wrong :
       {"", "no XML", "<Other/>", "<ListBucketResult><Contents/></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a"
        "</NextContinuationToken></ListBucketResult>"}) {
    CAPTURE(wrong);
    body = wrong;
    CHECK(kind_of([&] { bucket.store->list("s3://data", visit); }) ==
          ErrorKind::corrupt_data);
  }
}

TEST_CASE("what is said of an object must not reach into another header") {
  Bucket bucket;
  bucket.put("before");
  CHECK(kind_of([&] { bucket.put("x", {.if_match = "\"a\"\r\nX-Evil: 1"}); }) ==
        ErrorKind::conflict);
  CHECK(kind_of([&] { bucket.put("x", {.content_type = "a\r\nX-Evil: 1"}); }) ==
        ErrorKind::invalid_input);
  CHECK(bucket.content() == "before");
}
