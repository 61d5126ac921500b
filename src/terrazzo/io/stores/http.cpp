// Files of web servers: they can be read and nothing else.

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/remote_tasks.hpp"
#include "terrazzo/io/store_rules.hpp"
#include "terrazzo/io/web_file.hpp"

namespace terrazzo::io {
namespace {

Error cannot(std::string_view what, const std::string& uri) {
  return failure(ErrorKind::unsupported,
                 "'{}' cannot be {}: files of web servers can only be read", name_in(uri),
                 what);
}

class WebStore final : public Store {
 public:
  std::optional<StoredObject> stat(const std::string& uri,
                                   const Context& context) override {
    const auto file = web_file(uri);
    HeadTask head{*file, context};
    HttpTask* const tasks[] = {&head};
    try {
      shared_http_client().run(tasks, context);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::not_found) return std::nullopt;
      throw;
    }
    return StoredObject{
        .uri = uri,
        .size = head.size,
        .generation = head.identity.generation(head.size),
        .modified = time_from_http(head.identity.modified).value_or(Time{})};
  }

  void list(const std::string& prefix, const std::function<bool(const StoredObject&)>&,
            const Context&) override {
    throw cannot("listed", prefix);
  }

  std::shared_ptr<const ByteSource> open(const std::string& uri,
                                         const Context& context) override {
    return open_bytes(uri, context);
  }

  StoredObject put(const std::string& uri, const ByteSource&, const PutOptions&,
                   const Context&) override {
    throw cannot("written", uri);
  }

  StoredObject copy(const std::string&, const std::string& to, const PutOptions&,
                    const Context&) override {
    throw cannot("written", to);
  }

  void set_acl(const std::string& uri, Acl, const Context&) override {
    throw cannot("given an ACL", uri);
  }

  void remove(const std::string& uri, const Context&) override {
    throw cannot("removed", uri);
  }
};

Store& get() {
  static WebStore store;
  return store;
}

}  // namespace

extern const StoreKind store_http;
constinit const StoreKind store_http{
    .name = "http",
    .summary = "web servers, to be read only: https://host/path",
    .handles = is_web,
    .get = get};

}  // namespace terrazzo::io
