#include "terrazzo/io/file_store.hpp"
#include "terrazzo/io/local_file.hpp"

namespace terrazzo::io {
namespace {

Store& get() {
  static const std::unique_ptr<Store> store = file_store();
  return *store;
}

}  // namespace

extern const StoreKind store_file;
constinit const StoreKind store_file{
    .name = "file",
    .summary = "files of this machine: /folder/name or file:///folder/name",
    .handles = is_local,
    .get = get};

}  // namespace terrazzo::io
