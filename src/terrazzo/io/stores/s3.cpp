#include "terrazzo/io/s3_store.hpp"

namespace terrazzo::io {
namespace {

Store& get() {
  static const std::unique_ptr<Store> store = s3_store(shared_s3_account());
  return *store;
}

}  // namespace

extern const StoreKind store_s3;
constinit const StoreKind store_s3{
    .name = "s3",
    .summary = "S3 and servers that speak as it does: s3://bucket/key",
    .handles = is_s3,
    .get = get};

}  // namespace terrazzo::io
