#pragma once
// Neighbouring pixels of 8 and 16 bits, many at once; for warp_bilinear.cpp only.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace terrazzo::raster {

static_assert(std::endian::native == std::endian::little);  // of pairs in one word

// Interior pixels are made in pieces of one fixed length and loops of one operation,
// which compilers turn into SIMD; only the source is read pixel by pixel.
constexpr std::size_t piece = 32;
template <class T>
using PieceOf = std::array<T, piece>;

// Two neighbours of 8 or 16 bits in the low bits of a word: those around each position.
struct Pairs {
  PieceOf<std::uint32_t> upper{};
  PieceOf<std::uint32_t> lower{};
};

template <class T>
[[gnu::always_inline]] inline std::uint32_t pair_at(const T* at) {
  std::conditional_t<sizeof(T) == 1, std::uint16_t, std::uint32_t> pair;
  std::memcpy(&pair, at, sizeof pair);
  return pair;
}

// Eight at once, by way of a register: a wide read after eight narrow writes would wait
// until these have left the processor.
using Eight [[gnu::vector_size(32)]] = std::uint32_t;

template <class T>
[[gnu::always_inline]] inline void gather_eight(const T* first,
                                                const std::int32_t* offset,
                                                std::uint32_t* pairs) {
  const auto at = [&](int i) { return pair_at(first + offset[i]); };
  const Eight eight{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
  std::memcpy(pairs, &eight, sizeof eight);
}

// The pairs around the first `count` places of a piece.
struct PairsAt {
  std::ptrdiff_t stride;
  std::ptrdiff_t room;  // elements of the view from the piece's first pixel on
  const PieceOf<std::int32_t>& offset;
  std::size_t count;
};

template <class T>
[[gnu::always_inline]] inline void gather_rest(const T* first, const PairsAt& at,
                                               std::size_t from, Pairs& pairs) {
  for (std::size_t i = from; i < at.count; ++i) {
    pairs.upper[i] = pair_at(first + at.offset[i]);
    pairs.lower[i] = pair_at(first + at.stride + at.offset[i]);
  }
}

struct PlainGather {
  template <class T>
  [[gnu::always_inline]] static void gather(const T* first, const PairsAt& at,
                                            Pairs& pairs) {
    std::size_t i = 0;
    for (; i + 8 <= at.count; i += 8) {
      gather_eight(first, &at.offset[i], &pairs.upper[i]);
      gather_eight(first + at.stride, &at.offset[i], &pairs.lower[i]);
    }
    gather_rest(first, at, i, pairs);
  }
};

#if defined(__x86_64__)
// Neighbouring pixels of one row lie in few bytes: these are loaded once and shuffled.
struct ShuffledGather {
  template <class T>
  [[gnu::target("avx2")]] static void gather(const T* first, const PairsAt& at,
                                             Pairs& pairs) {
    constexpr int loaded = 16 / sizeof(T);  // elements
    const auto most = _mm256_set1_epi32(loaded - 2);
    // the bytes of a pair, from its first element on; 0x80 makes zeros
    const auto step = _mm256_set1_epi32(sizeof(T) == 1 ? 0x0101 : 0x02020202);
    const auto start = _mm256_set1_epi32(
        sizeof(T) == 1 ? static_cast<std::int32_t>(0x80800100U) : 0x03020100);
    std::size_t i = 0;
    for (; i + 8 <= at.count; i += 8) {
      const std::int32_t* const offset = &at.offset[i];
      const auto all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offset));
      const auto from_first = _mm256_sub_epi32(all, _mm256_shuffle_epi32(all, 0));
      const auto near = _mm256_cmpeq_epi32(_mm256_max_epu32(from_first, most), most);
      const bool inside = std::max(offset[0], offset[4]) + at.stride + loaded <= at.room;
      if (!inside || _mm256_movemask_epi8(near) != -1) {
        gather_eight(first, offset, &pairs.upper[i]);
        gather_eight(first + at.stride, offset, &pairs.lower[i]);
        continue;
      }
      const auto bytes = _mm256_add_epi32(_mm256_mullo_epi32(from_first, step), start);
      shuffle(first, offset, bytes, &pairs.upper[i]);
      shuffle(first + at.stride, offset, bytes, &pairs.lower[i]);
    }
    gather_rest(first, at, i, pairs);
  }

 private:
  template <class T>
  [[gnu::target("avx2")]] static inline void shuffle(const T* from,
                                                     const std::int32_t* offset,
                                                     __m256i bytes,
                                                     std::uint32_t* pairs) {
    const auto* const left = reinterpret_cast<const __m128i*>(from + offset[0]);
    const auto* const right = reinterpret_cast<const __m128i*>(from + offset[4]);
    const auto both = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(left)), _mm_loadu_si128(right), 1);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(pairs),
                        _mm256_shuffle_epi8(both, bytes));
  }
};
#endif

}  // namespace terrazzo::raster
