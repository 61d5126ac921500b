#include "fetch.hpp"

#include <memory>

#include <curl/curl.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::app {
namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20;
constexpr long most_redirects = 5;

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > most_bytes) return 0;
  text.append(bytes, size * count);
  return size * count;
}

}  // namespace

Fetched fetch(const std::string& url, std::chrono::seconds timeout) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl{curl_easy_init(), curl_easy_cleanup};
  Fetched fetched;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, most_redirects);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, static_cast<long>(timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &fetched.body);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_WRITE_ERROR)
    throw failure(ErrorKind::too_large, "'{}' answers with more than 16 MB", url);
  if (code != CURLE_OK)
    throw failure(ErrorKind::unavailable, "'{}' does not answer: {}", url,
                  curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  fetched.status = static_cast<int>(status);
  return fetched;
}

}  // namespace terrazzo::app
