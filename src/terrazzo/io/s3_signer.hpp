#pragma once
// Signature version 4 of Amazon Web Services.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terrazzo/base/time.hpp"

namespace terrazzo::io {

struct S3Credentials {
  std::string key_id{};
  std::string secret{};
  std::string token{};  // of a session; may be empty
};

struct SigningScope {
  std::string region;
  std::string service = "s3";
  Time time{};
};

struct SignedRequest {
  std::string method = "GET";
  std::string path = "/";                                    // as sent, see uri_encoded()
  std::vector<std::pair<std::string, std::string>> query{};  // not encoded, any order
  std::vector<std::pair<std::string, std::string>> headers{};  // to be signed; with host
  std::string payload_sha256{};                                // in hex
};

// Of no bytes at all.
extern const std::string_view empty_sha256;
std::string sha256_hex(std::string_view bytes);
// Of `length` bytes that `give` fills in by stretches, in order.
std::string sha256_hex(
    std::uint64_t length,
    const std::function<void(std::uint64_t offset, std::span<std::byte> to)>& give);

// Letters, digits and -._~ stay; other bytes become %XX. Slashes stay if keep_slashes.
std::string uri_encoded(std::string_view text, bool keep_slashes);

// "20130524T000000Z"
std::string amz_date(Time time);

// The value of the Authorization header.
std::string authorization(const SignedRequest& request, const S3Credentials& credentials,
                          const SigningScope& scope);

}  // namespace terrazzo::io
