// Against the examples that Amazon publishes:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
#include "terrazzo/io/s3_signer.hpp"

#include <doctest/doctest.h>

using namespace terrazzo;
using namespace terrazzo::io;

namespace {

const S3Credentials credentials{.key_id = "AKIAIOSFODNN7EXAMPLE",
                                .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

SigningScope scope() {
  return {.region = "us-east-1", .time = time_from_iso("2013-05-24T00:00:00Z")};
}

SignedRequest request(std::vector<std::pair<std::string, std::string>> more,
                      std::string_view payload = "") {
  SignedRequest out{.headers = std::move(more), .payload_sha256 = sha256_hex(payload)};
  out.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
  out.headers.emplace_back("x-amz-content-sha256", out.payload_sha256);
  out.headers.emplace_back("x-amz-date", "20130524T000000Z");
  return out;
}

std::string signature(const SignedRequest& signed_request) {
  const std::string value = authorization(signed_request, credentials, scope());
  return value.substr(value.rfind('=') + 1);
}

}  // namespace

TEST_CASE("Amazon's example of a GET with a range") {
  SignedRequest get = request({{"Range", "bytes=0-9"}});
  get.path = "/test.txt";
  CHECK(authorization(get, credentials, scope()) ==
        "AWS4-HMAC-SHA256 "
        "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_CASE("Amazon's example of a PUT") {
  SignedRequest put = request({{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                              "Welcome to Amazon S3.");
  put.method = "PUT";
  put.path = '/' + uri_encoded("test$file.text", true);
  CHECK(signature(put) ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_CASE("Amazon's examples of queries") {
  SignedRequest lifecycle = request({});
  lifecycle.query = {{"lifecycle", ""}};
  CHECK(signature(lifecycle) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  SignedRequest list = request({});
  list.query = {{"prefix", "J"}, {"max-keys", "2"}};
  CHECK(signature(list) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("Amazon's example of another service") {
  SignedRequest get{
      .query = {{"Version", "2010-05-08"}, {"Action", "ListUsers"}},
      .headers = {{"content-type", "application/x-www-form-urlencoded;  charset=utf-8"},
                  {"host", "iam.amazonaws.com"},
                  {"X-Amz-Date", "20150830T123600Z"}},
      .payload_sha256 = std::string{empty_sha256}};
  const std::string value = authorization(
      get,
      {.key_id = "AKIDEXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
      {.region = "us-east-1",
       .service = "iam",
       .time = time_from_iso("2015-08-30T12:36:00Z")});
  CHECK(value.ends_with(
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
}

TEST_CASE("keys are encoded byte by byte") {
  CHECK(uri_encoded("a/b c+(é)~*'.tif", true) == "a/b%20c%2B%28%C3%A9%29~%2A%27.tif");
  CHECK(uri_encoded("a/b", false) == "a%2Fb");
}

TEST_CASE("nothing has the digest that is written down") {
  CHECK(sha256_hex("") == empty_sha256);
}
