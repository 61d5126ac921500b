#include "terrazzo/io/s3_answers.hpp"

#include <doctest/doctest.h>

#include "support/thrown.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;

namespace {

std::string page_with(const std::string& key, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/"
         "2006-03-01/\">" +
         more + "<Contents><Key>" + key +
         "</Key><LastModified>2024-05-01T12:30:59.000Z</LastModified>"
         "<ETag>&quot;abc-2&quot;</ETag><Size>5000000000</Size></Contents>"
         "</ListBucketResult>";
}

std::string key_of(const std::string& xml) { return s3_list_page(xml).entries.at(0).key; }

const std::string encoded = "<EncodingType>url</EncodingType>";

}  // namespace

TEST_CASE("an object of a listing") {
  const S3ListPage page = s3_list_page(page_with("a/b.tif"));
  REQUIRE(page.entries.size() == 1);
  CHECK(page.entries[0].key == "a/b.tif");
  CHECK(page.entries[0].size == 5'000'000'000);
  CHECK(page.entries[0].etag == "\"abc-2\"");
  CHECK(page.entries[0].modified == time_from_iso("2024-05-01T12:30:59Z"));
  CHECK(page.next.empty());
}

TEST_CASE("names of a listing are what they were when they were put") {
  CHECK(key_of(page_with("a+b%20c&amp;d&#x2603;")) == "a+b%20c&d☃");
  CHECK(key_of(page_with(" ")) == " ");
  CHECK(key_of(page_with("a+b%20c%2Bd%C3%BC%0A%", encoded)) == "a b c+dü\n%");
  CHECK(key_of(page_with("%2", encoded)) == "%2");
  CHECK(key_of(page_with("%zz", encoded)) == "%zz");
}

TEST_CASE("a listing that goes on says with what") {
  const std::string more =
      "<IsTruncated>true</IsTruncated><NextContinuationToken>1/x+=</"
      "NextContinuationToken>";
  CHECK(s3_list_page(page_with("a", more)).next == "1/x+=");
  CHECK(s3_list_page(page_with("a", "<IsTruncated>false</IsTruncated>")).next.empty());
}

TEST_CASE("an ETag without quotes gets them, as readers see it") {
  CHECK(s3_result_etag("<CopyObjectResult><ETag>abc</ETag></CopyObjectResult>") ==
        "\"abc\"");
  CHECK(s3_result_etag("<X><ETag>\"abc\"</ETag></X>") == "\"abc\"");
}

TEST_CASE("answers that lack what they must hold are damaged") {
  for (const char* wrong : {"", "<X/>", "<X><ETag/></X>", "<X><ETag>a</X>"}) {
    CAPTURE(wrong);
    CHECK(kind_of([&] { (void)s3_result_etag(wrong); }) == ErrorKind::corrupt_data);
    CHECK(kind_of([&] { (void)s3_upload_id(wrong); }) == ErrorKind::corrupt_data);
    CHECK(kind_of([&] { (void)s3_list_page(wrong); }) == ErrorKind::corrupt_data);
  }
  CHECK(s3_upload_id("<X><UploadId>a&amp;b</UploadId></X>") == "a&b");
}

TEST_CASE("the kind of a refusal") {
  const auto kind = [](int status, const std::string& code) {
    const HttpAnswer answer{.status = status,
                            .text = "<Error><Code>" + code + "</Code></Error>"};
    return s3_failure(answer, {"bucket", "a/key"}, "written").kind();
  };
  CHECK(kind(404, "NoSuchKey") == ErrorKind::not_found);
  CHECK(kind(404, "NoSuchBucket") == ErrorKind::not_found);
  CHECK(kind(403, "AccessDenied") == ErrorKind::denied);
  CHECK(kind(401, "") == ErrorKind::denied);
  CHECK(kind(400, "InvalidRequest") == ErrorKind::denied);
  CHECK(kind(400, "EntityTooLarge") == ErrorKind::too_large);
  CHECK(kind(400, "AccessControlListNotSupported") == ErrorKind::unsupported);
  CHECK(kind(405, "MethodNotAllowed") == ErrorKind::unsupported);
  CHECK(kind(501, "NotImplemented") == ErrorKind::unsupported);
  CHECK(kind(409, "OperationAborted") == ErrorKind::conflict);
  CHECK(kind(412, "PreconditionFailed") == ErrorKind::conflict);
  CHECK(kind(500, "InternalError") == ErrorKind::unavailable);
  CHECK(kind(503, "SlowDown") == ErrorKind::unavailable);
}
