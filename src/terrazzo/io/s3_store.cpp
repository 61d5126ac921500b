#include "terrazzo/io/s3_store.hpp"

#include <random>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/remote_tasks.hpp"
#include "terrazzo/io/s3_answers.hpp"
#include "terrazzo/io/s3_call.hpp"
#include "terrazzo/io/s3_file.hpp"
#include "terrazzo/io/s3_upload.hpp"
#include "terrazzo/io/store_rules.hpp"

namespace terrazzo::io {
namespace {

constexpr const char* mark_header = "x-amz-meta-terrazzo-put";

// What S3 knows of an object.
struct Found {
  StoredObject object{};
  std::string content_type{};
  std::string mark{};
};

constexpr std::uint64_t look_bytes = 2;  // some servers take bytes=0-0 for all of it

// Asks for no more: unlike the answer of a HEAD, that of a GET says what is wrong.
class LookTask final : public HeadTask {
 public:
  LookTask(const RemoteFile& file, const Context& context)
      : HeadTask(file, context, look_bytes) {}

  void begin(const HttpAnswer& answer) override {
    HeadTask::begin(answer);
    if (const std::string* type = answer.find("content-type")) content_type = *type;
    if (const std::string* put = answer.find(mark_header)) mark = *put;
  }

  Verdict end(const HttpAnswer& answer) override {
    found = answer.status != 404 || s3_error_code(answer) == "NoSuchBucket";
    return found ? HeadTask::end(answer) : Verdict::done;
  }

  bool found = false;
  std::string content_type{};
  std::string mark{};
};

std::string new_mark() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// An object to be made, and under which conditions.
struct Making {
  const std::string& uri;
  S3Name name;
  const PutOptions& options;
  std::string mark{};

  bool has_condition() const { return options.if_absent || !options.if_match.empty(); }

  std::vector<std::string> conditions() const {
    if (options.if_absent) return {"If-None-Match: *"};
    if (options.if_match.starts_with('"')) return {"If-Match: " + options.if_match};
    return {};
  }

  S3Headers headers(const std::string& content_type) const {
    S3Headers out;
    if (!content_type.empty()) out.emplace_back("content-type", content_type);
    if (options.acl != Acl::unchanged)
      out.emplace_back("x-amz-acl", name_of(options.acl));
    if (!mark.empty()) out.emplace_back(mark_header, mark);
    return out;
  }
};

class S3Store final : public Store {
 public:
  S3Store(std::shared_ptr<S3Account> account, S3StoreLimits limits)
      : account_(std::move(account)), limits_(limits) {}

  std::optional<StoredObject> stat(const std::string& uri,
                                   const Context& context) override {
    auto found = look(uri, context);
    return found ? std::optional{std::move(found->object)} : std::nullopt;
  }

  void list(const std::string& prefix,
            const std::function<bool(const StoredObject&)>& visit,
            const Context& context) override {
    const S3Name name = s3_prefix(prefix);
    std::string next;
    do {
      const S3ListPage page = page_of(name, next, context);
      for (const S3ListPage::Entry& entry : page.entries) {
        const StoredObject object{.uri = S3Name{name.bucket, entry.key}.uri(),
                                  .size = entry.size,
                                  .generation = entry.etag,
                                  .modified = entry.modified};
        if (!visit(object)) return;
      }
      if (!page.next.empty() && page.next == next)
        throw failure(ErrorKind::corrupt_data,
                      "the listing of the bucket '{}' repeats a page", name.bucket);
      next = page.next;
    } while (!next.empty());
  }

  std::shared_ptr<const ByteSource> open(const std::string& uri,
                                         const Context& context) override {
    return open_s3(uri, account_, context);
  }

  StoredObject put(const std::string& uri, const ByteSource& content,
                   const PutOptions& options, const Context& context) override {
    check_options(options);
    Making making{uri, s3_name(uri), options};
    const bool whole = content.size() <= limits_.whole_put;
    if (making.has_condition()) check_conditions(options, uri, stat(uri, context));
    if (making.has_condition() || !whole) making.mark = new_mark();
    const S3Outcome outcome = whole ? put_whole(making, content, context)
                                    : put_by_parts(making, content, context);
    return made(making, content.size(), outcome, context);
  }

  StoredObject copy(const std::string& from, const std::string& to,
                    const PutOptions& options, const Context& context) override {
    check_options(options);
    check_copy(from, to);
    Making making{to, s3_name(to), options};
    const auto found = look(from, context);
    if (!found) throw not_there(from);
    const bool whole = found->object.size <= limits_.whole_copy;
    if (making.has_condition()) check_conditions(options, to, stat(to, context));
    if (making.has_condition() || !whole) making.mark = new_mark();
    const S3Outcome outcome = whole ? copy_whole(making, *found, context)
                                    : copy_by_parts(making, *found, context);
    return made(making, found->object.size, outcome, context);
  }

  void set_acl(const std::string& uri, Acl acl, const Context& context) override {
    if (acl == Acl::unchanged) return;
    call({.request = {.method = "PUT",
                      .name = s3_name(uri),
                      .query = {{"acl", ""}},
                      .headers = {{"x-amz-acl", std::string{name_of(acl)}}}},
          .doing = "given an ACL"},
         context);
  }

  void remove(const std::string& uri, const Context& context) override {
    call({.request = {.method = "DELETE", .name = s3_name(uri)},
          .doing = "removed",
          .allowed = {404}},
         context);
  }

 private:
  HttpAnswer call(S3Work work, const Context& context) {
    S3Call call{*account_, std::move(work), context};
    call.run();
    return call.answer();
  }

  std::optional<Found> look(const std::string& uri, const Context& context) {
    const auto file = s3_file(account_, s3_name(uri));
    LookTask task{*file, context};
    HttpTask* const tasks[] = {&task};
    account_->client().run(tasks, context);
    if (!task.found) return std::nullopt;
    return Found{
        .object = {.uri = uri,
                   .size = task.size,
                   .generation = task.identity.generation(task.size),
                   .modified = time_from_http(task.identity.modified).value_or(Time{})},
        .content_type = std::move(task.content_type),
        .mark = std::move(task.mark)};
  }

  S3ListPage page_of(const S3Name& prefix, const std::string& next,
                     const Context& context) {
    S3Work work{.request = {.name = {prefix.bucket},
                            .query = {{"list-type", "2"},
                                      {"encoding-type", "url"},
                                      {"max-keys", std::to_string(limits_.page)}}},
                .doing = "listed"};
    if (!prefix.key.empty()) work.request.query.emplace_back("prefix", prefix.key);
    if (!next.empty()) work.request.query.emplace_back("continuation-token", next);
    return s3_list_page(call(std::move(work), context).text);
  }

  S3Outcome put_whole(const Making& making, const ByteSource& content,
                      const Context& context) {
    return outcome_of({.request = {.method = "PUT",
                                   .name = making.name,
                                   .headers = making.headers(making.options.content_type),
                                   .plain_headers = making.conditions()},
                       .doing = "written",
                       .content = &content,
                       .length = content.size(),
                       .allowed = {412},
                       .patience = limits_.put_patience},
                      context);
  }

  S3Outcome put_by_parts(const Making& making, const ByteSource& content,
                         const Context& context) {
    S3Upload upload{*account_, making.name, making.headers(making.options.content_type),
                    limits_, context};
    upload.put_parts(content);
    return upload.complete(making.conditions());
  }

  S3Outcome copy_whole(const Making& making, const Found& original,
                       const Context& context) {
    const bool renewed = !making.options.content_type.empty() || !making.mark.empty();
    S3Headers headers = making.headers(renewed ? type_of(making, original) : "");
    headers.emplace_back("x-amz-metadata-directive", renewed ? "REPLACE" : "COPY");
    for (auto& header :
         s3_copy_headers(s3_name(original.object.uri), original.object.generation))
      headers.push_back(std::move(header));
    return outcome_of({.request = {.method = "PUT",
                                   .name = making.name,
                                   .headers = std::move(headers),
                                   .plain_headers = making.conditions()},
                       .doing = "copied",
                       .allowed = {412},
                       .patience = limits_.work_patience},
                      context);
  }

  S3Outcome copy_by_parts(const Making& making, const Found& original,
                          const Context& context) {
    S3Upload upload{*account_, making.name, making.headers(type_of(making, original)),
                    limits_, context};
    upload.copy_parts({.name = s3_name(original.object.uri),
                       .size = original.object.size,
                       .etag = original.object.generation});
    return upload.complete(making.conditions());
  }

  static const std::string& type_of(const Making& making, const Found& original) {
    const std::string& asked = making.options.content_type;
    return asked.empty() ? original.content_type : asked;
  }

  S3Outcome outcome_of(S3Work work, const Context& context) {
    S3Call call{*account_, std::move(work), context};
    call.run();
    S3Outcome outcome{.status = call.status()};
    const std::string* etag = call.answer().find("etag");
    if (outcome.status == 200)
      outcome.etag = etag != nullptr ? *etag : s3_result_etag(call.answer().text);
    return outcome;
  }

  // What the outcome means. Throws conflict, unavailable.
  StoredObject made(const Making& making, std::uint64_t size, const S3Outcome& outcome,
                    const Context& context) {
    if (outcome.status == 200)
      return {
          .uri = making.uri, .size = size, .generation = outcome.etag, .modified = now()};
    // Refused for what an attempt whose answer got lost has done? libcurl makes such too.
    if (!making.mark.empty())
      if (auto found = look(making.uri, context); found && found->mark == making.mark)
        return std::move(found->object);
    if (outcome.status == 404)
      throw failure(ErrorKind::unavailable, "the server gave up the upload of '{}'",
                    making.name.last_part());
    if (making.options.if_absent) throw already_there(making.uri);
    if (making.has_condition()) throw other_generation(making.uri);
    throw failure(ErrorKind::conflict, "what '{}' is copied from was changed meanwhile",
                  making.name.last_part());
  }

  const std::shared_ptr<S3Account> account_;
  const S3StoreLimits limits_;
};

}  // namespace

std::unique_ptr<Store> s3_store(std::shared_ptr<S3Account> account,
                                S3StoreLimits limits) {
  return std::make_unique<S3Store>(std::move(account), limits);
}

}  // namespace terrazzo::io
