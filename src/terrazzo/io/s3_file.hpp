#pragma once
// Objects of S3 and of servers that speak as it does.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "terrazzo/base/config.hpp"
#include "terrazzo/io/remote_source.hpp"
#include "terrazzo/io/s3_credentials.hpp"
#include "terrazzo/io/s3_settings.hpp"

namespace terrazzo::io {

// What all objects share: settings, credentials, where buckets are. Safe from any thread.
class S3Account {
 public:
  // `client` must outlive it. Throws as s3_settings().
  S3Account(const Environment& environment, HttpClient& client);

  HttpClient& client() const noexcept { return client_; }

  // A signed GET of an object.
  HttpRequest get(std::string_view bucket, std::string_view key,
                  std::vector<std::string> headers, const Context& context);

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

// Throws as open_remote(); invalid_input: it is no s3://bucket/key; and as
// find_credentials().
std::shared_ptr<const ByteSource> open_s3(const std::string& uri,
                                          const std::shared_ptr<S3Account>& account,
                                          const Context& context);

// Throws as reopen_remote(); invalid_input.
std::shared_ptr<const ByteSource> reopen_s3(const std::string& uri,
                                            const std::shared_ptr<S3Account>& account,
                                            const std::string& pin);

}  // namespace terrazzo::io
