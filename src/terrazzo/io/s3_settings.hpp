#pragma once
// Where S3 is and how it is asked, from the variables and files that other programs read.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "terrazzo/base/config.hpp"

namespace terrazzo::io {

// A section of ~/.aws/credentials or ~/.aws/config.
using Profile = std::map<std::string, std::string, std::less<>>;

// The sections by name ("profile x" of a config file is "x"). Lines that are neither a
// section nor `key = value`, and indented ones, are passed over.
std::map<std::string, Profile, std::less<>> profiles_of(std::string_view text);

// What both files say of the profile in use: AWS_PROFILE, AWS_DEFAULT_PROFILE, else
// "default". The files: AWS_SHARED_CREDENTIALS_FILE or CPL_AWS_CREDENTIALS_FILE, else
// ~/.aws/credentials, whose values win; AWS_CONFIG_FILE, else ~/.aws/config. Empty: there
// is none.
// Throws denied: the variables name a profile that neither file has.
Profile s3_profile(const Environment& environment);
// The profile of that name, which others may refer to.
Profile s3_profile(const Environment& environment, const std::string& name);

struct S3Settings {
  std::string region = "us-east-1";  // AWS_REGION, AWS_DEFAULT_REGION, the profile's

  // "http://127.0.0.1:9000", "https://host/prefix"; empty is Amazon's. AWS_S3_ENDPOINT,
  // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; without a scheme AWS_HTTPS tells which.
  std::string endpoint{};

  // Is the bucket a part of the host's name? AWS_VIRTUAL_HOSTING; else at Amazon, unless
  // its name has a dot.
  std::optional<bool> virtual_hosting{};

  bool signs = true;            // not AWS_NO_SIGN_REQUEST
  bool requester_pays = false;  // AWS_REQUEST_PAYER=requester
};

// Throws as s3_profile(); invalid_input: an endpoint or a region that cannot be one.
S3Settings s3_settings(const Environment& environment);

// Is it "eu-central-1" or something that could be a region?
bool is_region(std::string_view text);

// NO, FALSE, OFF and 0 in any case are false; unset or empty is `otherwise`.
bool is_yes(const Environment& environment, const std::string& name, bool otherwise);

struct S3Address {
  std::string scheme;  // "https"
  std::string host;    // with a port unless it is the scheme's own
  std::string path;    // encoded

  std::string url() const { return scheme + "://" + host + path; }
};

S3Address s3_address(const S3Settings& settings, std::string_view region,
                     std::string_view bucket, std::string_view key);

}  // namespace terrazzo::io
