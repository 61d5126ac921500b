#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "terrazzo/io/s3_account.hpp"
#include "terrazzo/io/store.hpp"

namespace terrazzo::io {

struct S3StoreLimits {
  std::uint64_t whole_put = 16U << 20U;  // bytes; larger objects are sent by parts
  std::uint64_t put_part = 8U << 20U;
  std::uint64_t whole_copy = 1U << 30U;  // likewise
  std::uint64_t copy_part = 256U << 20U;
  int page = 1000;  // objects of a listing that are asked for at once
  // How long the server may be silent and take nothing: while it is sent an object or a
  // part, and while it puts one together.
  std::chrono::milliseconds put_patience{60'000};
  std::chrono::milliseconds work_patience{600'000};
};

// The buckets that an account may use. Conditions are looked at before anything is sent
// and again by the server when it takes the object (If-None-Match, If-Match), at the same
// time as others if it knows these headers. What is put by parts or under a condition
// carries a mark (x-amz-meta-terrazzo-put), by which a repeated request knows its own
// work.
std::unique_ptr<Store> s3_store(std::shared_ptr<S3Account> account,
                                S3StoreLimits limits = {});

}  // namespace terrazzo::io
