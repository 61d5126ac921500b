#include "terrazzo/io/s3_signer.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <span>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::io {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Digest = std::array<unsigned char, 32>;

constexpr std::uint64_t most_stretch = 256U << 10U;

std::string_view as_text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string hex(const Digest& digest) {
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

Digest hmac(std::string_view key, std::string_view text) {
  Digest digest{};
  unsigned length = digest.size();
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           digest.data(), &length) == nullptr)
    throw failure(ErrorKind::internal, "a request cannot be signed");
  return digest;
}

std::string canonical_query(const Pairs& query) {
  Pairs encoded;
  for (const auto& [name, value] : query)
    encoded.emplace_back(uri_encoded(name, false), uri_encoded(value, false));
  std::ranges::sort(encoded);
  std::string out;
  for (const auto& [name, value] : encoded)
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

// Names in lower case, sorted; values trimmed, with runs of blanks made one.
Pairs canonical_headers(const Pairs& headers) {
  Pairs out;
  for (const auto& [name, value] : headers) {
    std::string folded;
    for (const char c : trimmed(value))
      if (c != ' ' || !folded.ends_with(' ')) folded += c;
    out.emplace_back(lower_case(name), std::move(folded));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

constinit const std::string_view empty_sha256{
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};

std::string sha256_hex(std::string_view bytes) {
  Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(),
                 nullptr) != 1)
    throw failure(ErrorKind::internal, "a request cannot be signed");
  return hex(digest);
}

std::string sha256_hex(
    std::uint64_t length,
    const std::function<void(std::uint64_t offset, std::span<std::byte> to)>& give) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash{EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free};
  bool goes = EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1;
  std::vector<std::byte> stretch(
      static_cast<std::size_t>(std::min<std::uint64_t>(length, most_stretch)));
  for (std::uint64_t done = 0; goes && done < length;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(stretch.size(), length - done));
    const auto to = std::span{stretch}.first(wanted);
    give(done, to);
    goes = EVP_DigestUpdate(hash.get(), to.data(), to.size()) == 1;
    done += wanted;
  }
  Digest digest{};
  if (!goes || EVP_DigestFinal_ex(hash.get(), digest.data(), nullptr) != 1)
    throw failure(ErrorKind::internal, "a request cannot be signed");
  return hex(digest);
}

std::string uri_encoded(std::string_view text, bool keep_slashes) {
  constexpr std::string_view stay =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (stay.find(c) != std::string_view::npos || (c == '/' && keep_slashes)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string amz_date(Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{second - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string authorization(const SignedRequest& request, const S3Credentials& credentials,
                          const SigningScope& scope) {
  std::string headers;
  std::string names;
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    headers += fmt::format("{}:{}\n", name, value);
    names += fmt::format("{}{}", names.empty() ? "" : ";", name);
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                  canonical_query(request.query), headers, names, request.payload_sha256);

  const std::string date_time = amz_date(scope.time);
  const std::string date = date_time.substr(0, 8);
  const std::string where =
      fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date_time,
                                          where, sha256_hex(canonical));

  Digest key = hmac("AWS4" + credentials.secret, date);
  for (const std::string_view part :
       {std::string_view{scope.region}, std::string_view{scope.service},
        std::string_view{"aws4_request"}})
    key = hmac(as_text(key), part);
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                     credentials.key_id, where, names, hex(hmac(as_text(key), to_sign)));
}

}  // namespace terrazzo::io
