#pragma once
// A small S3 on 127.0.0.1. It checks every signature and hash, pages its listings, holds
// to conditions, and has trouble when a test wants it to.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/loopback_server.hpp"
#include "support/variables.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/base/time.hpp"
#include "terrazzo/io/s3_signer.hpp"
#include "terrazzo/io/xml_text.hpp"

namespace terrazzo::testing {

inline std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out +=
          static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

class S3Server {
 public:
  // An answer is sent instead of the server's own; the request does nothing.
  using Trouble = std::function<std::optional<ScriptedAnswer>(const SeenRequest&)>;
  // True: the request is done, but its answer gets lost.
  using Loss = std::function<bool(const SeenRequest&)>;

  struct Object {
    std::string content{};
    std::string etag{};
    std::string modified{};
    std::map<std::string, std::string> headers{};  // content-type, x-amz-acl, …
  };

  S3Server()
      : server_([this](const SeenRequest& request) {
          ScriptedAnswer answer = answer_to(request);
          const auto loss = current(loss_);
          answer.hangs_up |= loss && *loss && (*loss)(request);
          return answer;
        }) {}

  // Of its bucket "data".
  Variables variables() const {
    return {{"AWS_S3_ENDPOINT", server_.url("")},
            {"AWS_ACCESS_KEY_ID", "AKID"},
            {"AWS_SECRET_ACCESS_KEY", "hush"}};
  }

  void set_trouble(Trouble trouble) {
    const std::lock_guard lock{mutex_};
    trouble_ = std::make_shared<const Trouble>(std::move(trouble));
  }
  void set_loss(Loss loss) {
    const std::lock_guard lock{mutex_};
    loss_ = std::make_shared<const Loss>(std::move(loss));
  }
  // Says that it does not know If-None-Match and If-Match, as some servers do.
  void refuse_conditions() { refuses_conditions_ = true; }

  const LoopbackServer& requests() const { return server_; }
  std::size_t count(std::string_view method) const {
    std::size_t count = 0;
    for (const SeenRequest& seen : server_.seen()) count += seen.method == method;
    return count;
  }
  std::optional<Object> find(const std::string& key) const {
    const std::lock_guard lock{mutex_};
    const auto at = objects_.find(key);
    return at == objects_.end() ? std::nullopt : std::optional{at->second};
  }
  std::size_t uploads_under_way() const {
    const std::lock_guard lock{mutex_};
    return uploads_.size();
  }

 private:
  using Query = std::map<std::string, std::string>;

  struct Upload {
    Object object{};
    std::map<int, std::string> parts{};
  };

  static ScriptedAnswer refusal(int status, const std::string& code) {
    return {.status = status,
            .body = "<Error><Code>" + code + "</Code><Message>no</Message></Error>"};
  }

  static std::string etag_of(std::string_view content) {
    return '"' + io::sha256_hex(content).substr(0, 32) + '"';
  }

  template <class T>
  T current(const T& value) const {
    const std::lock_guard lock{mutex_};
    return value;
  }

  ScriptedAnswer answer_to(const SeenRequest& request) {
    const auto trouble = current(trouble_);
    if (trouble && *trouble)
      if (auto instead = (*trouble)(request)) return *instead;
    const std::size_t mark = std::min(request.target.find('?'), request.target.size());
    const std::string path = request.target.substr(0, mark);
    Query query;
    std::vector<std::pair<std::string, std::string>> pairs;
    if (mark < request.target.size())
      for (const std::string_view pair :
           split(std::string_view{request.target}.substr(mark + 1), '&')) {
        const std::size_t equals = std::min(pair.find('='), pair.size());
        pairs.emplace_back(
            percent_decoded(pair.substr(0, equals)),
            percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
        query.insert(pairs.back());
      }
    const std::string wrong = signature_fault(request, path, pairs);
    if (!wrong.empty()) return refusal(403, wrong);
    const std::string name = percent_decoded(path).substr(1);
    const std::size_t slash = std::min(name.find('/'), name.size());
    if (name.substr(0, slash) != "data") return refusal(404, "NoSuchBucket");
    const std::string key = name.substr(std::min(slash + 1, name.size()));
    const std::lock_guard lock{mutex_};
    return key.empty() ? list(query) : serve(request, query, key);
  }

  // Empty: it is signed right, over everything that must be.
  static std::string signature_fault(
      const SeenRequest& request, const std::string& path,
      const std::vector<std::pair<std::string, std::string>>& query) {
    const std::string given = request.header("authorization");
    const std::string hash = request.header("x-amz-content-sha256");
    if (hash != io::sha256_hex(request.body)) return "XAmzContentSHA256Mismatch";
    const std::string date = request.header("x-amz-date");
    const auto time = find_iso_time(fmt::format(
        "{}-{}-{}T{}:{}:{}Z", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2),
        date.substr(9, 2), date.substr(11, 2), date.substr(13, 2)));
    if (!time) return "AccessDenied";
    io::SignedRequest signed_request{
        .method = request.method, .path = path, .query = query, .payload_sha256 = hash};
    const std::size_t names = given.find("SignedHeaders=") + 14;
    const std::string list = given.substr(names, given.find(',', names) - names);
    for (const std::string_view header : split(list, ';'))
      signed_request.headers.emplace_back(header, request.header(std::string{header}));
    for (const auto& [header, value] : request.headers)
      if (header.starts_with("x-amz-") &&
          (';' + list + ';').find(';' + header + ';') == std::string::npos)
        return "HeaderNotSigned";
    const std::string right =
        io::authorization(signed_request, {.key_id = "AKID", .secret = "hush"},
                          {.region = "us-east-1", .time = *time});
    return right == given ? "" : "SignatureDoesNotMatch";
  }

  ScriptedAnswer list(const Query& query) const {
    const auto value = [&](const char* name) {
      const auto at = query.find(name);
      return at == query.end() ? std::string{} : at->second;
    };
    const std::string prefix = value("prefix");
    const std::string after = value("continuation-token");
    const std::size_t most = std::stoul(value("max-keys"));
    std::string entries;
    std::string last;
    std::size_t count = 0;
    bool truncated = false;
    for (auto at = objects_.lower_bound(prefix);
         at != objects_.end() && at->first.starts_with(prefix); ++at) {
      if (!after.empty() && at->first <= percent_decoded(after.substr(1))) continue;
      truncated = ++count > most;
      if (truncated) break;
      last = io::uri_encoded(at->first, true);
      std::string shown_key = last;
      for (std::size_t i = 0; (i = shown_key.find("%20", i)) != std::string::npos;)
        shown_key.replace(i, 3, "+");
      entries += fmt::format(
          "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag>"
          "<Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
          shown_key, iso_text(*time_from_http(at->second.modified)),
          "&quot;" + at->second.etag.substr(1, 32) + "&quot;", at->second.content.size());
    }
    return {.body = fmt::format(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>data</Name>"
                "<EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>{}{}"
                "</ListBucketResult>",
                truncated,
                truncated ? "<NextContinuationToken>/" + last + "</NextContinuationToken>"
                          : "",
                entries)};
  }

  ScriptedAnswer serve(const SeenRequest& request, const Query& query,
                       const std::string& key) {
    if (request.method == "GET") return get(request, key);
    if (query.contains("acl")) return set_acl(request, key);
    if (query.contains("uploads")) return begin_upload(request, key);
    if (query.contains("partNumber")) return put_part(request, query);
    if (query.contains("uploadId") && request.method == "POST")
      return complete(request, query, key);
    if (query.contains("uploadId"))
      return uploads_.erase(query.at("uploadId")) == 1 ? ScriptedAnswer{.status = 204}
                                                       : refusal(404, "NoSuchUpload");
    if (request.method == "DELETE") {
      objects_.erase(key);
      return {.status = 204};
    }
    return put(request, key);
  }

  ScriptedAnswer get(const SeenRequest& request, const std::string& key) const {
    const auto at = objects_.find(key);
    if (at == objects_.end()) return refusal(404, "NoSuchKey");
    const Object& object = at->second;
    if (object.content.empty() && !request.header("range").empty())
      return refusal(416, "InvalidRange");
    ScriptedAnswer answer = file_answer(request, object.content, object.etag);
    answer.headers.emplace_back("Last-Modified", object.modified);
    for (const auto& header : object.headers) answer.headers.push_back(header);
    return answer;
  }

  // Empty: the conditions hold.
  std::optional<ScriptedAnswer> refused(const SeenRequest& request,
                                        const std::string& key) const {
    const std::string match = request.header("if-match");
    const bool absent = !request.header("if-none-match").empty();
    if (refuses_conditions_ && (absent || !match.empty()))
      return refusal(501, "NotImplemented");
    const auto at = objects_.find(key);
    if (absent && at != objects_.end()) return refusal(412, "PreconditionFailed");
    if (!match.empty() && (at == objects_.end() || at->second.etag != match))
      return refusal(412, "PreconditionFailed");
    return std::nullopt;
  }

  static Object object_of(const SeenRequest& request) {
    Object object;
    for (const char* name : {"content-type", "x-amz-acl", "x-amz-meta-terrazzo-put"})
      if (const std::string value = request.header(name); !value.empty())
        object.headers[name] = value;
    return object;
  }

  void keep(const std::string& key, Object object, std::string content) {
    object.etag = etag_of(content);
    object.content = std::move(content);
    object.modified = http_text(now());
    objects_[key] = std::move(object);
  }

  static ScriptedAnswer copied(const std::string& etag) {
    return {.body = "<CopyResult><ETag>" + etag + "</ETag></CopyResult>"};
  }

  // What a request that copies is about; empty: it is not there, or another content.
  const Object* original_of(const SeenRequest& request) const {
    const std::string source = percent_decoded(request.header("x-amz-copy-source"));
    const auto at = objects_.find(source.substr(std::string{"/data/"}.size()));
    if (at == objects_.end()) return nullptr;
    const std::string match = request.header("x-amz-copy-source-if-match");
    return match.empty() || match == at->second.etag ? &at->second : nullptr;
  }

  ScriptedAnswer put(const SeenRequest& request, const std::string& key) {
    if (auto no = refused(request, key)) return *no;
    if (request.header("x-amz-copy-source").empty()) {
      keep(key, object_of(request), request.body);
      return {.headers = {{"ETag", objects_[key].etag}}};
    }
    const Object* const original = original_of(request);
    if (original == nullptr) return refusal(412, "PreconditionFailed");
    Object object = object_of(request);
    if (request.header("x-amz-metadata-directive") == "COPY")
      object.headers = original->headers;
    const std::string acl = request.header("x-amz-acl");
    object.headers.erase("x-amz-acl");
    if (!acl.empty()) object.headers["x-amz-acl"] = acl;
    keep(key, std::move(object), std::string{original->content});
    return copied(objects_[key].etag);
  }

  ScriptedAnswer set_acl(const SeenRequest& request, const std::string& key) {
    const auto at = objects_.find(key);
    if (at == objects_.end()) return refusal(404, "NoSuchKey");
    at->second.headers["x-amz-acl"] = request.header("x-amz-acl");
    return {};
  }

  ScriptedAnswer begin_upload(const SeenRequest& request, const std::string& key) {
    const std::string id = fmt::format("{}+/{}", key.size(), ++upload_count_);
    uploads_[id].object = object_of(request);
    return {.body = "<InitiateMultipartUploadResult><UploadId>" + id +
                    "</UploadId></InitiateMultipartUploadResult>"};
  }

  ScriptedAnswer put_part(const SeenRequest& request, const Query& query) {
    const auto at = uploads_.find(query.at("uploadId"));
    if (at == uploads_.end()) return refusal(404, "NoSuchUpload");
    std::string& part = at->second.parts[std::stoi(query.at("partNumber"))];
    part = request.body;
    if (request.header("x-amz-copy-source").empty())
      return {.headers = {{"ETag", etag_of(part)}}};
    const Object* const original = original_of(request);
    if (original == nullptr) return refusal(412, "PreconditionFailed");
    const std::string range = request.header("x-amz-copy-source-range").substr(6);
    const std::size_t dash = range.find('-');
    const std::size_t first = std::stoul(range.substr(0, dash));
    part =
        original->content.substr(first, std::stoul(range.substr(dash + 1)) - first + 1);
    return copied(etag_of(part));
  }

  ScriptedAnswer complete(const SeenRequest& request, const Query& query,
                          const std::string& key) {
    const auto at = uploads_.find(query.at("uploadId"));
    if (at == uploads_.end()) return refusal(404, "NoSuchUpload");
    if (auto no = refused(request, key)) return *no;
    std::string content;
    std::string list;
    for (const auto& [number, part] : at->second.parts) {
      content += part;
      list += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>",
                          number, etag_of(part));
    }
    if (request.body.find(list + "</CompleteMultipartUpload>") == std::string::npos)
      return refusal(400, "InvalidPart");
    keep(key, std::move(at->second.object), std::move(content));
    uploads_.erase(at);
    return copied(objects_[key].etag);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  int upload_count_ = 0;
  std::atomic<bool> refuses_conditions_{false};
  std::shared_ptr<const Trouble> trouble_;
  std::shared_ptr<const Loss> loss_;
  LoopbackServer server_;  // last: it uses the rest
};

}  // namespace terrazzo::testing
