#include "terrazzo/io/memory_store.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/store_rules.hpp"

namespace terrazzo::io {
namespace {

constexpr std::string_view scheme = "memory://";
constexpr std::size_t page = 1000;

// Throws invalid_input.
void check_uri(const std::string& uri) {
  if (!is_memory(uri) || uri.size() == scheme.size())
    throw invalid("'{}' is no memory://name", shown(uri));
}

// Of all memory stores, so that nothing is taken for something else.
std::string next_generation() {
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("\"{}\"", ++count);
}

class MemoryStore final : public Store {
 public:
  std::optional<StoredObject> stat(const std::string& uri,
                                   const Context& context) override {
    check_uri(uri);
    context.check();
    const std::lock_guard lock{mutex_};
    return find(uri);
  }

  void list(const std::string& prefix,
            const std::function<bool(const StoredObject&)>& visit,
            const Context& context) override {
    if (!is_memory(prefix)) check_uri(prefix);
    std::string last;
    for (;;) {
      context.check();
      const std::vector<StoredObject> objects = page_after(prefix, last);
      for (const StoredObject& object : objects)
        if (!visit(object)) return;
      if (objects.size() < page) return;
      last = objects.back().uri;
    }
  }

  std::shared_ptr<const ByteSource> open(const std::string& uri,
                                         const Context& context) override {
    check_uri(uri);
    context.check();
    const std::lock_guard lock{mutex_};
    const auto at = objects_.find(uri);
    if (at == objects_.end()) throw not_there(uri);
    return at->second.content;
  }

  StoredObject put(const std::string& uri, const ByteSource& content,
                   const PutOptions& options, const Context& context) override {
    check_uri(uri);
    check_options(options);
    std::vector<std::byte> bytes(static_cast<std::size_t>(content.size()));
    const Piece all{0, bytes};
    content.read({&all, 1}, context);
    return keep(uri, {memory_source(std::move(bytes), next_generation()), now()},
                options);
  }

  StoredObject copy(const std::string& from, const std::string& to,
                    const PutOptions& options, const Context& context) override {
    check_uri(to);
    check_copy(from, to);
    return put(to, *open(from, context), options, context);
  }

  void set_acl(const std::string& uri, Acl acl, const Context& context) override {
    if (acl != Acl::unchanged && !stat(uri, context)) throw not_there(uri);
  }

  void remove(const std::string& uri, const Context& context) override {
    check_uri(uri);
    context.check();
    const std::lock_guard lock{mutex_};
    objects_.erase(uri);
  }

 private:
  struct Kept {
    std::shared_ptr<const ByteSource> content;
    Time modified;
  };

  static StoredObject told(const std::string& uri, const Kept& kept) {
    return {uri, kept.content->size(), kept.content->generation(), kept.modified};
  }

  std::optional<StoredObject> find(const std::string& uri) const {
    const auto at = objects_.find(uri);
    return at == objects_.end() ? std::nullopt : std::optional{told(uri, at->second)};
  }

  StoredObject keep(const std::string& uri, Kept kept, const PutOptions& options) {
    const std::lock_guard lock{mutex_};
    check_conditions(options, uri, find(uri));
    return told(uri, objects_.insert_or_assign(uri, std::move(kept)).first->second);
  }

  std::vector<StoredObject> page_after(const std::string& prefix,
                                       const std::string& last) const {
    std::vector<StoredObject> out;
    const std::lock_guard lock{mutex_};
    auto at = last.empty() ? objects_.lower_bound(prefix) : objects_.upper_bound(last);
    for (; at != objects_.end() && at->first.starts_with(prefix) && out.size() < page;
         ++at)
      out.push_back(told(at->first, at->second));
    return out;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Kept> objects_;
};

}  // namespace

bool is_memory(std::string_view uri) { return uri.starts_with(scheme); }

std::unique_ptr<Store> memory_store() { return std::make_unique<MemoryStore>(); }

Store& shared_memory_store() {
  static MemoryStore store;
  return store;
}

}  // namespace terrazzo::io
