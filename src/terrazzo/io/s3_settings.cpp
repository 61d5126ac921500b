#include "terrazzo/io/s3_settings.hpp"

#include <algorithm>
#include <array>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/io/s3_signer.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_file_bytes = 1U << 20U;

// The first that is set and not empty.
std::string first_of(const Environment& environment,
                     std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto value = environment(name); value && !value->empty()) return *value;
  return {};
}

std::map<std::string, Profile, std::less<>> profiles_in(const std::string& path) {
  if (path.empty()) return {};
  try {
    return profiles_of(read_file(path, most_file_bytes));
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::not_found) return {};
    throw;
  }
}

// Without the slash at its end.
// Throws invalid_input: it holds what no host and path hold.
std::string checked_endpoint(std::string endpoint, bool https) {
  if (endpoint.empty()) return endpoint;
  if (endpoint.find("://") == std::string::npos)
    endpoint.insert(0, https ? "https://" : "http://");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const std::size_t host = endpoint.find("://") + 3;
  const bool web = endpoint.starts_with("http://") || endpoint.starts_with("https://");
  const bool clean = std::ranges::all_of(endpoint, [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '@' && c != '\\';
  });
  if (!web || !clean || endpoint.size() <= host)
    throw invalid(
        "the endpoint of S3 is no address; right are 127.0.0.1:9000 or https://host");
  return endpoint;
}

bool ends_at_amazon(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

// "host:443" of https is "host", as HTTP clients send it.
std::string without_default_port(std::string host, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (host.ends_with(port)) host.resize(host.size() - port.size());
  return host;
}

}  // namespace

std::map<std::string, Profile, std::less<>> profiles_of(std::string_view text) {
  constexpr std::string_view prefix = "profile ";
  std::map<std::string, Profile, std::less<>> profiles;
  Profile* current = nullptr;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() ||
        std::string_view{" \t#;"}.find(line.front()) != std::string_view::npos)
      continue;
    const std::size_t equals = line.find('=');
    if (line.front() == '[') {
      std::string_view name = trimmed(line.substr(1, line.find(']') - 1));
      if (name.starts_with(prefix)) name = trimmed(name.substr(prefix.size()));
      current = &profiles[std::string{name}];
    } else if (current != nullptr && equals != std::string_view::npos) {
      (*current)[lower_case(trimmed(line.substr(0, equals)))] =
          trimmed(line.substr(equals + 1));
    }
  }
  return profiles;
}

namespace {

// Empty: neither file has it.
std::optional<Profile> find_profile(const Environment& environment,
                                    const std::string& name) {
  const std::string home = first_of(environment, {"HOME"});
  std::string credentials =
      first_of(environment, {"AWS_SHARED_CREDENTIALS_FILE", "CPL_AWS_CREDENTIALS_FILE"});
  std::string config = first_of(environment, {"AWS_CONFIG_FILE"});
  if (credentials.empty() && !home.empty()) credentials = home + "/.aws/credentials";
  if (config.empty() && !home.empty()) config = home + "/.aws/config";

  std::optional<Profile> profile;
  for (const std::string& path : {credentials, config}) {
    auto profiles = profiles_in(path);
    const auto at = profiles.find(name);
    if (at == profiles.end()) continue;
    if (!profile) profile.emplace();
    profile->merge(at->second);  // what is there stays
  }
  return profile;
}

}  // namespace

Profile s3_profile(const Environment& environment) {
  const std::string asked = first_of(environment, {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"});
  if (!asked.empty()) return s3_profile(environment, asked);
  return find_profile(environment, "default").value_or(Profile{});
}

Profile s3_profile(const Environment& environment, const std::string& name) {
  auto profile = find_profile(environment, name);
  if (!profile)
    throw failure(ErrorKind::denied,
                  "there is no AWS profile '{}' in the credentials and config files",
                  shown(name));
  return std::move(*profile);
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_yes(const Environment& environment, const std::string& name, bool otherwise) {
  const std::string value = lower_case(first_of(environment, {name.c_str()}));
  if (value.empty()) return otherwise;
  return value != "no" && value != "false" && value != "off" && value != "0";
}

S3Settings s3_settings(const Environment& environment) {
  S3Settings settings;
  std::string region = first_of(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  settings.signs = !is_yes(environment, "AWS_NO_SIGN_REQUEST", false);
  if (region.empty() && settings.signs) region = s3_profile(environment)["region"];
  if (!region.empty()) settings.region = lower_case(region);
  if (!is_region(settings.region))
    throw invalid("'{}' is no AWS region; right is for example eu-central-1",
                  shown(settings.region));
  settings.endpoint = checked_endpoint(
      first_of(environment,
               {"AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}),
      is_yes(environment, "AWS_HTTPS", true));
  if (const auto value = environment("AWS_VIRTUAL_HOSTING"); value && !value->empty())
    settings.virtual_hosting = is_yes(environment, "AWS_VIRTUAL_HOSTING", true);
  settings.requester_pays =
      lower_case(first_of(environment, {"AWS_REQUEST_PAYER"})) == "requester";
  return settings;
}

S3Address s3_address(const S3Settings& settings, std::string_view region,
                     std::string_view bucket, std::string_view key) {
  const std::string endpoint = settings.endpoint.empty()
                                   ? fmt::format("https://s3.{}.amazonaws.com{}", region,
                                                 region.starts_with("cn-") ? ".cn" : "")
                                   : settings.endpoint;
  const std::size_t scheme_end = endpoint.find("://");
  const std::size_t host_end =
      std::min(endpoint.find('/', scheme_end + 3), endpoint.size());

  S3Address address;
  address.scheme = endpoint.substr(0, scheme_end);
  address.host = without_default_port(
      lower_case(endpoint.substr(scheme_end + 3, host_end - scheme_end - 3)),
      address.scheme);
  address.path = endpoint.substr(host_end);
  const bool dotted = bucket.find('.') != std::string_view::npos;
  if (settings.virtual_hosting.value_or(!dotted && ends_at_amazon(address.host))) {
    address.host = fmt::format("{}.{}", bucket, address.host);
  } else {
    address.path += fmt::format("/{}", uri_encoded(bucket, false));
  }
  address.path += fmt::format("/{}", uri_encoded(key, true));
  return address;
}

}  // namespace terrazzo::io
