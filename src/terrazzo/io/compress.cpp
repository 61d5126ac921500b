#include "terrazzo/io/compress.hpp"

#include <libdeflate.h>
#include <zstd.h>

#include <array>
#include <memory>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

struct Free {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, Free>;

template <class T>
T* made(T* what) {
  if (what == nullptr) throw failure(ErrorKind::internal, "no memory for a compressor");
  return what;
}

// The thread's own; the last level is kept, because making one costs as much as a tile.
libdeflate_compressor* deflate_compressor(int level) {
  thread_local int kept_level = 0;
  thread_local Compressor kept;
  if (kept_level != level) {
    kept.reset(made(libdeflate_alloc_compressor(level)));
    kept_level = level;
  }
  return kept.get();
}

ZSTD_CCtx* zstd_context() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> kept(made(ZSTD_createCCtx()));
  return kept.get();
}

}  // namespace

std::vector<std::byte> compress_zlib(std::span<const std::byte> from, int level) {
  libdeflate_compressor* compressor = deflate_compressor(level);
  std::vector<std::byte> to(libdeflate_zlib_compress_bound(compressor, from.size()));
  to.resize(libdeflate_zlib_compress(compressor, from.data(), from.size(), to.data(),
                                     to.size()));
  return to;
}

std::vector<std::byte> compress_zstd(std::span<const std::byte> from, int level) {
  std::vector<std::byte> to(ZSTD_compressBound(from.size()));
  const std::size_t size = ZSTD_compressCCtx(zstd_context(), to.data(), to.size(),
                                             from.data(), from.size(), level);
  if (ZSTD_isError(size) != 0)
    throw failure(ErrorKind::internal, "zstd cannot compress: {}",
                  ZSTD_getErrorName(size));
  to.resize(size);
  return to;
}

}  // namespace terrazzo::io
