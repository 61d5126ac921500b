#pragma once
// Whose name requests to S3 are signed with.

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "terrazzo/base/cache.hpp"
#include "terrazzo/base/config.hpp"
#include "terrazzo/base/time.hpp"
#include "terrazzo/io/http_client.hpp"
#include "terrazzo/io/s3_signer.hpp"

namespace terrazzo::io {

struct FoundCredentials {
  S3Credentials credentials;
  std::optional<Time> expires;  // empty: never
};

// Looks through the places below; the first that has some wins.
//
//   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//   2. AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, by the token service
//   3. the profile, see s3_profile(): its keys, or its role_arn in the name of a
//      source_profile, a credential_source or a web_identity_token_file
//   4. the container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
//   5. the machine (EC2, IMDSv2), unless AWS_EC2_METADATA_DISABLED
//
// Throws denied: nobody has any; a place is set up but refuses. unavailable, timeout: a
//        service does not answer. unsupported: the profile needs what is not known here
//        (SSO, credential_process). cancelled.
FoundCredentials find_credentials(const Environment& environment,
                                  const std::string& region, HttpClient& far,
                                  HttpClient& near, const Context& context);

// Keeps them, and gets new ones five minutes before they expire. Safe from any thread.
class CredentialSource {
 public:
  // `client` must outlive it.
  CredentialSource(Environment environment, std::string region, HttpClient& client);

  // Throws as find_credentials(), but not while the kept ones are good. A failure is
  // remembered for ten seconds.
  S3Credentials get(const Context& context);

  // A server says that these have expired. False: there will be no others.
  bool renew();

 private:
  const Environment environment_;
  const std::string region_;
  HttpClient& far_;
  HttpClient near_;  // the container's and the machine's services answer at once or never
  Cache<int, FoundCredentials> flights_{0};  // one thread asks for all
  std::mutex mutex_;
  std::shared_ptr<const FoundCredentials> kept_;
  std::optional<Error> failure_;
  Context::Clock::time_point next_try_{};
};

}  // namespace terrazzo::io
