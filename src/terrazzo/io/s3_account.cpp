#include "terrazzo/io/s3_account.hpp"

#include <algorithm>

#include "terrazzo/base/time.hpp"
#include "terrazzo/io/s3_signer.hpp"
#include "terrazzo/io/xml_text.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_regions = 10'000;

// "?a=b&c=", or nothing.
std::string query_text(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string text;
  for (const auto& [name, value] : query)
    text += fmt::format("{}{}={}", text.empty() ? '?' : '&', uri_encoded(name, false),
                        uri_encoded(value, false));
  return text;
}

}  // namespace

S3Account::S3Account(const Environment& environment, HttpClient& client)
    : settings_(s3_settings(environment)),
      client_(client),
      credentials_(environment, settings_.region, client) {}

bool S3Account::hashes_bodies() const {
  return settings_.signs && settings_.endpoint.starts_with("http://");
}

std::string S3Account::region_of(std::string_view bucket) {
  const std::lock_guard lock{mutex_};
  const auto at = regions_.find(bucket);
  return at == regions_.end() ? settings_.region : at->second;
}

Time S3Account::server_time() {
  const std::lock_guard lock{mutex_};
  return now() + clock_offset_;
}

// S3 takes no signature of another time than its own. False: it says no other time than
// was known.
bool S3Account::learns_time(const HttpAnswer& answer) {
  constexpr auto same = std::chrono::minutes{1};
  const std::string* date = answer.find("date");
  const auto time = date == nullptr ? std::nullopt : time_from_http(*date);
  if (!time) return false;
  const auto offset = std::chrono::round<std::chrono::seconds>(*time - now());
  const std::lock_guard lock{mutex_};
  if (std::chrono::abs(offset - clock_offset_) < same) return false;
  clock_offset_ = offset;
  return true;
}

HttpRequest S3Account::request(const S3Request& what, const Context& context) {
  const std::string region = region_of(what.name.bucket);
  const S3Address address =
      s3_address(settings_, region, what.name.bucket, what.name.key);
  HttpRequest request{.url = address.url() + query_text(what.query),
                      .headers = what.plain_headers,
                      .method = what.method,
                      .follow_redirects = false};
  auto extra = what.headers;
  if (settings_.requester_pays) extra.emplace_back("x-amz-request-payer", "requester");
  if (settings_.signs) {
    const S3Credentials credentials = credentials_.get(context);
    const SigningScope scope{.region = region, .time = server_time()};
    const std::string payload{what.payload_sha256.empty()
                                  ? empty_sha256
                                  : std::string_view{what.payload_sha256}};
    extra.emplace_back("x-amz-content-sha256", payload);
    extra.emplace_back("x-amz-date", amz_date(scope.time));
    if (!credentials.token.empty())
      extra.emplace_back("x-amz-security-token", credentials.token);
    SignedRequest to_sign{.method = what.method,
                          .path = address.path,
                          .query = what.query,
                          .headers = extra,
                          .payload_sha256 = payload};
    to_sign.headers.emplace_back("host", address.host);
    extra.emplace_back("Authorization", authorization(to_sign, credentials, scope));
  }
  for (const auto& [name, value] : extra)
    request.headers.push_back(fmt::format("{}: {}", name, value));
  return request;
}

bool S3Account::learns_from(std::string_view bucket, const HttpAnswer& answer) {
  const std::string code = xml_text(answer.text, "Code").value_or("");
  if (code == "ExpiredToken" || code == "TokenRefreshRequired")
    return credentials_.renew();
  if (code == "RequestTimeTooSkewed") return learns_time(answer);
  const std::string* header = answer.find("x-amz-bucket-region");
  const std::string region =
      header != nullptr ? *header : xml_text(answer.text, "Region").value_or("");
  if (!is_region(region)) return false;
  const bool is_elsewhere = answer.status == 301 || answer.status == 307 ||
                            code == "AuthorizationHeaderMalformed";
  // Another thread may have learnt it since the request was made.
  if (!is_elsewhere && (answer.status != 403 || region == region_of(bucket)))
    return false;
  const std::lock_guard lock{mutex_};
  if (regions_.size() >= most_regions) regions_.clear();
  regions_.insert_or_assign(std::string{bucket}, region);
  return true;
}

const std::shared_ptr<S3Account>& shared_s3_account() {
  static const auto account =
      std::make_shared<S3Account>(process_environment(), shared_http_client());
  return account;
}

}  // namespace terrazzo::io
