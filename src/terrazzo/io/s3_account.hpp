#pragma once
// Requests to S3 and to servers that speak as it does: where they go, who signs them.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terrazzo/base/config.hpp"
#include "terrazzo/io/http_client.hpp"
#include "terrazzo/io/s3_credentials.hpp"
#include "terrazzo/io/s3_name.hpp"
#include "terrazzo/io/s3_settings.hpp"

namespace terrazzo::io {

// In place of a hash, where TLS guards the body.
inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

struct S3Request {
  std::string method = "GET";
  S3Name name;  // without a key it is about the bucket
  std::vector<std::pair<std::string, std::string>> query{};    // not encoded
  std::vector<std::pair<std::string, std::string>> headers{};  // to be signed
  std::vector<std::string> plain_headers{};  // "Name: value", not signed
  std::string payload_sha256{};  // or unsigned_payload; empty: there is no body
};

// What all objects share: settings, credentials, where buckets are. Safe from any thread.
class S3Account {
 public:
  // `client` must outlive it. Throws as s3_settings().
  S3Account(const Environment& environment, HttpClient& client);

  HttpClient& client() const noexcept { return client_; }

  // Is a body's hash wanted? Not where TLS guards it, nor without signatures.
  bool hashes_bodies() const;

  // Signed where that is needed; without body. Throws as CredentialSource::get().
  HttpRequest request(const S3Request& what, const Context& context);

  // After a refusal: was something learnt that makes another attempt worth while?
  bool learns_from(std::string_view bucket, const HttpAnswer& answer);

 private:
  std::string region_of(std::string_view bucket);
  Time server_time();
  bool learns_time(const HttpAnswer& answer);

  const S3Settings settings_;
  HttpClient& client_;
  CredentialSource credentials_;
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>>
      regions_;                           // of buckets that are elsewhere
  std::chrono::seconds clock_offset_{0};  // of the server's clock from ours
};

// Of the whole process, as its environment is when it is first asked for.
const std::shared_ptr<S3Account>& shared_s3_account();

}  // namespace terrazzo::io
