#include "terrazzo/io/store.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/ranges.hpp"
#include "terrazzo/io/store_rules.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array acl_names{std::pair{Acl::owner, "private"},
                               std::pair{Acl::authenticated_read, "authenticated-read"},
                               std::pair{Acl::public_read, "public-read"}};

// Bytes that somebody else holds.
class SpanSource final : public ByteSource {
 public:
  explicit SpanSource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t size() const override { return bytes_.size(); }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return bytes_; }

  void read(std::span<const Piece> pieces, const Context& context) const override {
    check_inside(pieces, size());
    context.check();
    for (const Piece& piece : pieces)
      std::ranges::copy(
          bytes_.subspan(static_cast<std::size_t>(piece.offset), piece.to.size()),
          piece.to.begin());
  }

 private:
  const std::span<const std::byte> bytes_;
  const std::string generation_;
};

}  // namespace

Acl acl_named(std::string_view name) {
  for (const auto& [acl, known] : acl_names)
    if (name == known) return acl;
  throw invalid("'{}' is no ACL; right are private, authenticated-read and public-read",
                shown(name));
}

std::string_view name_of(Acl acl) {
  for (const auto& [known, name] : acl_names)
    if (acl == known) return name;
  return {};
}

StoredObject Store::put_bytes(const std::string& uri, std::span<const std::byte> bytes,
                              const PutOptions& options, const Context& context) {
  return put(uri, SpanSource{bytes}, options, context);
}

StoredObject Store::put_file(const std::string& uri, const std::filesystem::path& path,
                             const PutOptions& options, const Context& context) {
  return put(uri, *open_bytes("file://" + path.string(), context), options, context);
}

Store& store_of(const std::string& uri) {
  if (uri.empty()) throw invalid("a store needs a path or a URL");
  if (uri.find('\0') != std::string::npos)
    throw invalid("a path cannot hold a NUL character");
  std::vector<std::string_view> names;
  for (const StoreKind* kind : store_kinds()) {
    if (kind->handles(uri)) return kind->get();
    names.push_back(kind->name);
  }
  throw failure(ErrorKind::unsupported, "no {} keeps '{}'; there are: {}",
                StoreKind::what, shown(uri), fmt::join(names, ", "));
}

std::string name_in(std::string_view uri) {
  return shown(uri.substr(uri.rfind('/') + 1));
}

void check_options(const PutOptions& options) {
  if (options.if_absent && !options.if_match.empty())
    throw invalid("an object cannot be absent and of the generation '{}'",
                  shown(options.if_match));
  const bool clean = std::ranges::all_of(
      options.content_type, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (!clean)
    throw invalid("'{}' is no content type; right is for example image/tiff",
                  shown(options.content_type));
}

void check_conditions(const PutOptions& options, const std::string& uri,
                      const std::optional<StoredObject>& there) {
  if (options.if_absent && there) throw already_there(uri);
  if (options.if_match.empty()) return;
  if (!there || there->generation != options.if_match) throw other_generation(uri);
}

void check_copy(const std::string& from, const std::string& to) {
  if (from == to) throw invalid("'{}' cannot be copied onto itself", shown(from));
}

Error not_there(std::string_view uri) {
  return failure(ErrorKind::not_found, "'{}' is not in its store", name_in(uri));
}

Error already_there(std::string_view uri) {
  return failure(ErrorKind::conflict, "'{}' exists already", name_in(uri));
}

Error other_generation(std::string_view uri) {
  return failure(ErrorKind::conflict, "'{}' is no longer what it was: it was changed",
                 name_in(uri));
}

}  // namespace terrazzo::io
