#include "terrazzo/io/decompress.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>

#include <libdeflate.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

struct Free {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  void operator()(z_stream* stream) const { inflateEnd(stream); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

template <class T>
T* made(T* what) {
  if (what == nullptr) throw failure(ErrorKind::internal, "no memory for a decompressor");
  return what;
}

// The thread's own; making one costs as much as a small tile.
libdeflate_decompressor* deflate_decompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> kept(
      made(libdeflate_alloc_decompressor()));
  return kept.get();
}

// The thread's own. Never used as a stream: it would keep the window of the largest.
ZSTD_DCtx* zstd_context() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> kept(made(ZSTD_createDCtx()));
  return kept.get();
}

uInt at_once(std::size_t size) {
  constexpr std::size_t most = std::numeric_limits<uInt>::max();
  return static_cast<uInt>(std::min(size, most));
}

// Beyond a full block a stream is read on by so much, for its checksum.
std::size_t most_beyond(std::size_t block) { return 4 * block + (std::size_t{1} << 20U); }

// Damage that lets a stream become longer than its block shows in the checksum only. One
// that goes on for too long is believed.
int inflate_rest(z_stream& stream, std::span<const std::byte> from, std::size_t most) {
  std::array<std::byte, std::size_t{16} << 10U> unwanted;
  int status = Z_OK;
  for (std::size_t beyond = 0; status == Z_OK && beyond < most;) {
    const auto read = static_cast<std::size_t>(
        reinterpret_cast<const std::byte*>(stream.next_in) - from.data());
    stream.avail_in = at_once(from.size() - read);
    stream.next_out = reinterpret_cast<Bytef*>(unwanted.data());
    stream.avail_out = at_once(unwanted.size());
    status = inflate(&stream, Z_NO_FLUSH);
    beyond += unwanted.size() - stream.avail_out;
  }
  return status == Z_BUF_ERROR ? Z_DATA_ERROR : status;
}

// Slower than libdeflate, but can stop where `to` is full.
std::size_t inflate_prefix(std::span<const std::byte> from, std::span<std::byte> to) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK)
    throw failure(ErrorKind::internal, "no memory for a decompressor");
  const std::unique_ptr<z_stream, Free> guard(&stream);
  stream.next_in = reinterpret_cast<const Bytef*>(from.data());
  stream.next_out = reinterpret_cast<Bytef*>(to.data());
  int status = Z_OK;
  std::size_t given = 0;
  while (status == Z_OK && given < to.size()) {
    const auto read = static_cast<std::size_t>(
        reinterpret_cast<const std::byte*>(stream.next_in) - from.data());
    stream.avail_in = at_once(from.size() - read);
    stream.avail_out = at_once(to.size() - given);
    status = inflate(&stream, Z_NO_FLUSH);
    given = static_cast<std::size_t>(reinterpret_cast<std::byte*>(stream.next_out) -
                                     to.data());
  }
  if (status == Z_OK && given == to.size())
    status = inflate_rest(stream, from, most_beyond(to.size()));
  // Z_BUF_ERROR: no more bytes to read.
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
    throw failure(ErrorKind::corrupt_data,
                  "a deflate stream breaks after {} of {} bytes: {}", given, to.size(),
                  stream.msg != nullptr ? stream.msg : zError(status));
  return given;
}

std::size_t zstd_prefix(std::span<const std::byte> from, std::span<std::byte> to) {
  const std::unique_ptr<ZSTD_DCtx, Free> stream(made(ZSTD_createDCtx()));
  constexpr int least_window = 23;  // of what compressors write that do not know the size
  const int window = std::max(least_window, static_cast<int>(std::bit_width(to.size())));
  (void)ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, window);
  ZSTD_inBuffer in{from.data(), from.size(), 0};
  ZSTD_outBuffer out{to.data(), to.size(), 0};
  std::size_t status = 1;  // 0 at the end of the frame
  while (status != 0 && out.pos < out.size) {
    const std::size_t before = in.pos + out.pos;
    status = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(status) != 0)
      throw failure(ErrorKind::corrupt_data,
                    "a zstd stream breaks after {} of {} bytes: {}", out.pos, out.size,
                    ZSTD_getErrorName(status));
    if (in.pos + out.pos == before) break;
  }
  return out.pos;
}

}  // namespace

std::size_t decompress_zlib(std::span<const std::byte> from, std::span<std::byte> to) {
  std::size_t given = 0;
  const libdeflate_result result = libdeflate_zlib_decompress(
      deflate_decompressor(), from.data(), from.size(), to.data(), to.size(), &given);
  return result == LIBDEFLATE_SUCCESS ? given : inflate_prefix(from, to);
}

std::size_t decompress_zstd(std::span<const std::byte> from, std::span<std::byte> to) {
  const std::size_t frame = ZSTD_findFrameCompressedSize(from.data(), from.size());
  if (ZSTD_isError(frame) != 0) return zstd_prefix(from, to);
  const std::size_t given =
      ZSTD_decompressDCtx(zstd_context(), to.data(), to.size(), from.data(), frame);
  return ZSTD_isError(given) == 0 ? given : zstd_prefix(from, to);
}

}  // namespace terrazzo::io
