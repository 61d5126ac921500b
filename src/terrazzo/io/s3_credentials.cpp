#include "terrazzo/io/s3_credentials.hpp"

#include <algorithm>
#include <array>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/io/s3_settings.hpp"
#include "terrazzo/io/s3_signer.hpp"
#include "terrazzo/io/xml_text.hpp"

namespace terrazzo::io {
namespace {

using std::chrono::minutes;
using Found = std::optional<FoundCredentials>;

constexpr std::size_t most_answer = 64U << 10U;
constexpr auto renewed_before = minutes{5};
constexpr auto failure_lasts = std::chrono::seconds{10};

struct Search {
  const Environment& environment;
  const std::string& region;
  HttpClient& far;
  HttpClient& near;
  const Context& context;

  std::string value(const std::string& name) const {
    return environment(name).value_or("");
  }
};

// Throws as the error for the status, if it is no success.
std::string body_of(HttpClient& client, HttpRequest request, const std::string& what,
                    const Context& context) {
  HttpAnswer answer;
  try {
    answer = client.fetch(std::move(request), what, most_answer, context);
  } catch (const Error& e) {
    context.check();
    if (e.kind() != ErrorKind::timeout) throw;
    // Not the caller's patience has ended, see Cache::get_or_make().
    throw failure(ErrorKind::unavailable, "no {}: the service is mute", what);
  }
  if (answer.status == 200) return std::move(answer.text);
  Error error = failure(answer.status >= 500 ? ErrorKind::unavailable : ErrorKind::denied,
                        "no {}: the service answers {}", what, answer.status);
  if (const auto code = xml_text(answer.text, "Code"))
    error.note("it says {}", shown(*code));
  throw error;
}

// Of {"AccessKeyId":…,"SecretAccessKey":…,"Token":…,"Expiration":…}.
FoundCredentials from_json_text(const std::string& text, const std::string& what) {
  const Json json = Json::parse(text, nullptr, false);
  const auto field = [&](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string()
               ? json[name].get<std::string>()
               : std::string{};
  };
  FoundCredentials found{{field("AccessKeyId"), field("SecretAccessKey"), field("Token")},
                         find_iso_time(field("Expiration"))};
  if (found.credentials.key_id.empty() || found.credentials.secret.empty())
    throw failure(ErrorKind::denied, "no {}: the service's answer holds none", what);
  return found;
}

Found from_variables(const Search& search) {
  FoundCredentials found{
      {search.value("AWS_ACCESS_KEY_ID"), search.value("AWS_SECRET_ACCESS_KEY"),
       search.value("AWS_SESSION_TOKEN")},
      {}};
  if (found.credentials.key_id.empty() || found.credentials.secret.empty()) return {};
  return found;
}

std::string token_service(const Search& search) {
  std::string endpoint = search.value("AWS_ENDPOINT_URL_STS");
  if (endpoint.empty()) endpoint = search.value("AWS_STS_ENDPOINT");
  if (endpoint.empty())
    endpoint = fmt::format("https://sts.{}.amazonaws.com{}", search.region,
                           search.region.starts_with("cn-") ? ".cn" : "");
  if (endpoint.find("://") == std::string::npos) endpoint.insert(0, "https://");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

// What to ask the token service for.
struct RoleRequest {
  std::string action;
  std::string role;
  std::string session;
  std::string more;  // of the form, encoded, from its '&' on
  std::string what;  // for messages
};

HttpRequest form_of(const Search& search, const RoleRequest& role) {
  const std::string session = role.session.empty() ? "terrazzo" : role.session;
  return {
      .url = token_service(search) + "/",
      .headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: text/xml"},
      .method = "POST",
      .body = fmt::format("Action={}&Version=2011-06-15&RoleArn={}&RoleSessionName={}{}",
                          role.action, uri_encoded(role.role, false),
                          uri_encoded(session, false), role.more),
      .follow_redirects = false};
}

FoundCredentials asked_for(const Search& search, HttpRequest request,
                           const std::string& what) {
  const std::string answer =
      body_of(search.far, std::move(request), what, search.context);
  FoundCredentials found{{xml_text(answer, "AccessKeyId").value_or(""),
                          xml_text(answer, "SecretAccessKey").value_or(""),
                          xml_text(answer, "SessionToken").value_or("")},
                         find_iso_time(xml_text(answer, "Expiration").value_or(""))};
  if (found.credentials.key_id.empty() || found.credentials.secret.empty())
    throw failure(ErrorKind::denied, "no {}: the service's answer holds none", what);
  return found;
}

FoundCredentials from_token_file(const Search& search, const std::string& file,
                                 const std::string& role, const std::string& session) {
  const std::string token = read_file(file, most_answer);
  const RoleRequest request{
      .action = "AssumeRoleWithWebIdentity",
      .role = role,
      .session = session,
      .more = "&WebIdentityToken=" + uri_encoded(trimmed(token), false),
      .what = "credentials for the web identity"};
  return asked_for(search, form_of(search, request), request.what);
}

Found from_web_identity(const Search& search) {
  const std::string file = search.value("AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = search.value("AWS_ROLE_ARN");
  if (file.empty() || role.empty()) return {};
  return from_token_file(search, file, role, search.value("AWS_ROLE_SESSION_NAME"));
}

std::optional<S3Credentials> keys_of(const Profile& profile) {
  const auto value = [&](const char* name) {
    const auto at = profile.find(name);
    return at == profile.end() ? std::string{} : at->second;
  };
  S3Credentials keys{value("aws_access_key_id"), value("aws_secret_access_key"),
                     value("aws_session_token")};
  if (keys.key_id.empty() || keys.secret.empty()) return std::nullopt;
  return keys;
}

// Over plain HTTP only to this machine: the answer is a secret.
bool may_be_asked(std::string_view url) {
  constexpr std::array<std::string_view, 5> hosts{
      "127.0.0.1", "localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  if (url.starts_with("https://")) return true;
  std::string host = host_of(url);
  if (!url.starts_with("http://") || host.empty()) return false;
  if (host.back() != ']') host = host.substr(0, host.rfind(':'));
  return std::ranges::find(hosts, host) != hosts.end();
}

Found from_container(const Search& search) {
  const std::string relative = search.value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  std::string url = search.value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty()) url = "http://169.254.170.2" + relative;
  if (url.empty()) return {};
  if (!may_be_asked(url))
    throw failure(ErrorKind::denied,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or of this machine");
  std::string token = search.value("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = search.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) token = trimmed(read_file(file, most_answer));
  HttpRequest request{.url = url, .follow_redirects = false, .direct = true};
  if (!token.empty()) request.headers.push_back("Authorization: " + token);
  const std::string what = "credentials of the container";
  return from_json_text(body_of(search.near, std::move(request), what, search.context),
                        what);
}

Found from_machine(const Search& search) {
  if (is_yes(search.environment, "AWS_EC2_METADATA_DISABLED", false)) return {};
  std::string base = search.value("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();
  const std::string what = "credentials of the machine";
  const auto ask = [&](const std::string& path, std::string method, std::string header) {
    return body_of(search.near,
                   {.url = base + path,
                    .headers = {std::move(header)},
                    .method = std::move(method),
                    .follow_redirects = false,
                    .direct = true},
                   what, search.context);
  };
  const std::string token{trimmed(
      ask("/latest/api/token", "PUT", "X-aws-ec2-metadata-token-ttl-seconds: 21600"))};
  const std::string shown_token = "X-aws-ec2-metadata-token: " + token;
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  const std::string list = ask(roles, "GET", shown_token);
  const std::string role{trimmed(split(list, '\n').front())};
  return from_json_text(ask(roles + uri_encoded(role, false), "GET", shown_token), what);
}

// In whose name the profile takes its role: another profile's, which has keys, or that of
// a place. Throws unsupported, denied.
S3Credentials keys_for_role(const Search& search, Profile& profile) {
  if (const std::string source = profile["source_profile"]; !source.empty()) {
    if (const auto keys = keys_of(s3_profile(search.environment, source))) return *keys;
    throw failure(ErrorKind::unsupported,
                  "the AWS profile takes a role from the profile '{}', which has no "
                  "aws_access_key_id and aws_secret_access_key",
                  shown(source));
  }
  constexpr std::array places{std::pair{"Environment", &from_variables},
                              std::pair{"EcsContainer", &from_container},
                              std::pair{"Ec2InstanceMetadata", &from_machine}};
  const std::string source = profile["credential_source"];
  for (const auto& [name, place] : places) {
    if (source != name) continue;
    if (const Found found = place(search)) return found->credentials;
    throw failure(ErrorKind::denied,
                  "the AWS profile takes a role from {}, which has no credentials", name);
  }
  throw failure(ErrorKind::unsupported,
                "the AWS profile has the credential_source '{}'; known are Environment, "
                "EcsContainer and Ec2InstanceMetadata",
                shown(source));
}

FoundCredentials from_role(const Search& search, Profile profile) {
  const S3Credentials keys = keys_for_role(search, profile);
  RoleRequest role{.action = "AssumeRole",
                   .role = profile["role_arn"],
                   .session = profile["role_session_name"],
                   .more = {},
                   .what = "credentials for the role of the profile"};
  if (const std::string id = profile["external_id"]; !id.empty())
    role.more = "&ExternalId=" + uri_encoded(id, false);
  HttpRequest request = form_of(search, role);
  const SigningScope scope{.region = search.region, .service = "sts", .time = now()};
  SignedRequest to_sign{
      .method = "POST",
      .headers = {{"host", host_of(request.url)}, {"x-amz-date", amz_date(scope.time)}},
      .payload_sha256 = sha256_hex(request.body)};
  if (!keys.token.empty())
    to_sign.headers.emplace_back("x-amz-security-token", keys.token);
  const std::string path = shown_url(request.url);
  to_sign.path = path.substr(path.find('/', path.find("://") + 3));
  for (const auto& [name, value] : to_sign.headers)
    if (name != "host") request.headers.push_back(fmt::format("{}: {}", name, value));
  request.headers.push_back("Authorization: " + authorization(to_sign, keys, scope));
  return asked_for(search, std::move(request), role.what);
}

Found from_profile(const Search& search) {
  Profile profile = s3_profile(search.environment);
  if (const auto keys = keys_of(profile)) return FoundCredentials{*keys, {}};
  if (profile.contains("role_arn") && profile.contains("web_identity_token_file"))
    return from_token_file(search, profile["web_identity_token_file"],
                           profile["role_arn"], profile["role_session_name"]);
  if (profile.contains("role_arn") &&
      (profile.contains("source_profile") || profile.contains("credential_source")))
    return from_role(search, std::move(profile));
  for (const char* way :
       {"sso_session", "sso_start_url", "credential_process", "role_arn"})
    if (profile.contains(way))
      throw failure(
          ErrorKind::unsupported,
          "the AWS profile gets its credentials by {}, which is not known here; it needs "
          "aws_access_key_id and aws_secret_access_key, or role_arn and one of "
          "source_profile, "
          "credential_source and web_identity_token_file; "
          "'aws configure export-credentials --format env' gives what others find",
          way);
  return {};
}

}  // namespace

FoundCredentials find_credentials(const Environment& environment,
                                  const std::string& region, HttpClient& far,
                                  HttpClient& near, const Context& context) {
  const Search search{environment, region, far, near, context};
  for (const auto place :
       {from_variables, from_web_identity, from_profile, from_container})
    if (Found found = place(search)) return *found;

  Error none =
      failure(ErrorKind::denied,
              "there are no credentials for S3; set AWS_ACCESS_KEY_ID and "
              "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or AWS_NO_SIGN_REQUEST=YES "
              "if the bucket is public");
  try {
    if (Found found = from_machine(search)) return *found;
  } catch (const Error& e) {
    context.check();
    none.note("asking the machine: {}", e.message());
  }
  throw none;
}

CredentialSource::CredentialSource(Environment environment, std::string region,
                                   HttpClient& client)
    : environment_(std::move(environment)),
      region_(std::move(region)),
      far_(client),
      near_({.connect = std::chrono::seconds{1},
             .window = std::chrono::seconds{3},
             .least_in_window = 1,
             .attempts = 2}) {}

S3Credentials CredentialSource::get(const Context& context) {
  const auto is_good = [](const auto& kept, auto margin) {
    return kept && now() < kept->expires.value_or(Time::max()) - margin;
  };
  {
    const std::lock_guard lock{mutex_};
    if (is_good(kept_, renewed_before)) return kept_->credentials;
    if (Context::Clock::now() < next_try_) {
      if (is_good(kept_, minutes{0})) return kept_->credentials;
      if (failure_) throw Error{*failure_};
    }
  }
  try {
    const auto found = flights_.get_or_make(
        0, [&] { return find_credentials(environment_, region_, far_, near_, context); },
        [](const FoundCredentials&) { return std::size_t{0}; }, context);
    const std::lock_guard lock{mutex_};
    kept_ = found;
    failure_.reset();
    return kept_->credentials;
  } catch (const Error& e) {
    context.check();
    const std::lock_guard lock{mutex_};
    failure_ = e;
    next_try_ = Context::Clock::now() + failure_lasts;
    if (is_good(kept_, minutes{0})) return kept_->credentials;
    throw;
  }
}

bool CredentialSource::renew() {
  const std::lock_guard lock{mutex_};
  if (kept_ && !kept_->expires) return false;
  kept_.reset();
  return true;
}

}  // namespace terrazzo::io
