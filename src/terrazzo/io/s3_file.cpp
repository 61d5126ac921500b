#include "terrazzo/io/s3_file.hpp"

#include <algorithm>

#include "terrazzo/base/text.hpp"
#include "terrazzo/base/time.hpp"
#include "terrazzo/io/s3_signer.hpp"
#include "terrazzo/io/xml_text.hpp"

namespace terrazzo::io {
namespace {

constexpr std::string_view scheme = "s3://";
constexpr std::size_t most_regions = 10'000;

struct S3Name {
  std::string bucket;
  std::string key;
};

S3Name name_of(std::string_view uri) {
  uri.remove_prefix(scheme.size());
  const std::size_t slash = std::min(uri.find('/'), uri.size());
  S3Name name{std::string{uri.substr(0, slash)},
              std::string{uri.substr(std::min(slash + 1, uri.size()))}};
  const bool is_name = std::ranges::all_of(name.bucket, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '-' || c == '_';
  });
  if (name.bucket.empty() || name.bucket.size() > 255 || !is_name)
    throw invalid("'{}' is no bucket; right is s3://bucket/key", shown(name.bucket));
  if (name.key.empty() || name.key.size() > 1024)
    throw invalid("an S3 key has 1 to 1024 bytes, not {}; right is s3://bucket/key",
                  name.key.size());
  return name;
}

class S3File final : public RemoteFile {
 public:
  S3File(std::shared_ptr<S3Account> account, S3Name name)
      : account_(std::move(account)), name_(std::move(name)) {}

  HttpRequest get(std::vector<std::string> headers,
                  const Context& context) const override {
    return account_->get(name_.bucket, name_.key, std::move(headers), context);
  }

  std::string name() const override {
    return shown(std::string_view{name_.key}.substr(name_.key.rfind('/') + 1));
  }

  bool may_try_again(const HttpAnswer& answer) const override {
    if (account_->learns_from(name_.bucket, answer)) return true;
    Error error = http_failure(answer.status, name());
    error.note("S3 says {}: {}", shown(xml_text(answer.text, "Code").value_or("nothing")),
               shown(xml_text(answer.text, "Message").value_or("nothing"), 200));
    throw error;
  }

 private:
  const std::shared_ptr<S3Account> account_;
  const S3Name name_;
};

}  // namespace

S3Account::S3Account(const Environment& environment, HttpClient& client)
    : settings_(s3_settings(environment)),
      client_(client),
      credentials_(environment, settings_.region, client) {}

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

HttpRequest S3Account::get(std::string_view bucket, std::string_view key,
                           std::vector<std::string> headers, const Context& context) {
  const std::string region = region_of(bucket);
  const S3Address address = s3_address(settings_, region, bucket, key);
  HttpRequest request{
      .url = address.url(), .headers = std::move(headers), .follow_redirects = false};
  std::vector<std::pair<std::string, std::string>> extra;
  if (settings_.requester_pays) extra.emplace_back("x-amz-request-payer", "requester");
  if (settings_.signs) {
    const S3Credentials credentials = credentials_.get(context);
    const SigningScope scope{.region = region, .time = server_time()};
    extra.emplace_back("x-amz-content-sha256", empty_sha256);
    extra.emplace_back("x-amz-date", amz_date(scope.time));
    if (!credentials.token.empty())
      extra.emplace_back("x-amz-security-token", credentials.token);
    SignedRequest to_sign{.path = address.path,
                          .headers = extra,
                          .payload_sha256 = std::string{empty_sha256}};
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

std::shared_ptr<const ByteSource> open_s3(const std::string& uri,
                                          const std::shared_ptr<S3Account>& account,
                                          const Context& context) {
  return open_remote(std::make_unique<const S3File>(account, name_of(uri)),
                     account->client(), context);
}

std::shared_ptr<const ByteSource> reopen_s3(const std::string& uri,
                                            const std::shared_ptr<S3Account>& account,
                                            const std::string& pin) {
  return reopen_remote(std::make_unique<const S3File>(account, name_of(uri)),
                       account->client(), pin);
}

}  // namespace terrazzo::io
