#include "terrazzo/io/predictor.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace terrazzo::io {
namespace {

using Row = std::span<std::byte>;

template <class T>
T load(Row row, std::size_t i) {
  T value;
  std::memcpy(&value, &row[i * sizeof value], sizeof value);
  return value;
}

template <class T>
void store(Row row, std::size_t i, T value) {
  std::memcpy(&row[i * sizeof value], &value, sizeof value);
}

// From number `begin` on, which is not below `samples`.
template <class T>
void add_from(Row row, std::size_t begin, std::size_t samples) {
  const std::size_t count = row.size() / sizeof(T);
  for (std::size_t i = begin; i < count; ++i)
    store(row, i, static_cast<T>(load<T>(row, i) + load<T>(row, i - samples)));
}

template <class T, std::size_t samples>
void add_pixels(Row row) {
  const std::size_t count = row.size() / sizeof(T);
  std::array<T, samples> sums{};
  for (std::size_t i = 0; i + samples <= count; i += samples)
    for (std::size_t s = 0; s < samples; ++s) {
      sums[s] = static_cast<T>(sums[s] + load<T>(row, i + s));
      store(row, i + s, sums[s]);
    }
}

#ifdef __SSE2__

struct Bytes {
  using Number = std::uint8_t;
  static __m128i add(__m128i a, __m128i b) { return _mm_add_epi8(a, b); }
  static __m128i spread_last(__m128i x) {
    const __m128i last = _mm_shufflehi_epi16(_mm_unpackhi_epi8(x, x), 0xff);
    return _mm_unpackhi_epi64(last, last);
  }
};

struct Words {
  using Number = std::uint16_t;
  static __m128i add(__m128i a, __m128i b) { return _mm_add_epi16(a, b); }
  static __m128i spread_last(__m128i x) {
    const __m128i last = _mm_shufflehi_epi16(x, 0xff);
    return _mm_unpackhi_epi64(last, last);
  }
};

// Sixteen bytes at once: sums of 2, 4, 8 and 16 of them, then what is left of them.
template <class Lanes>
void add_single(Row row) {
  using T = typename Lanes::Number;
  __m128i before = _mm_setzero_si128();
  std::size_t at = 0;
  for (; at + 16 <= row.size(); at += 16) {
    auto* here = reinterpret_cast<__m128i*>(&row[at]);
    __m128i x = _mm_loadu_si128(here);
    if constexpr (sizeof(T) == 1) x = Lanes::add(x, _mm_slli_si128(x, 1));
    x = Lanes::add(x, _mm_slli_si128(x, 2));
    x = Lanes::add(x, _mm_slli_si128(x, 4));
    x = Lanes::add(x, _mm_slli_si128(x, 8));
    x = Lanes::add(x, before);
    _mm_storeu_si128(here, x);
    before = Lanes::spread_last(x);
  }
  add_from<T>(row, at == 0 ? 1 : at / sizeof(T), 1);
}

void add_single_bytes(Row row) { add_single<Bytes>(row); }
void add_single_words(Row row) { add_single<Words>(row); }

#else

void add_single_bytes(Row row) { add_pixels<std::uint8_t, 1>(row); }
void add_single_words(Row row) { add_pixels<std::uint16_t, 1>(row); }

#endif

template <class T>
void add(Row row, std::size_t samples) {
  switch (samples) {
    case 1:
      if constexpr (sizeof(T) == 1) return add_single_bytes(row);
      if constexpr (sizeof(T) == 2) return add_single_words(row);
      return add_pixels<T, 1>(row);
    case 2:
      return add_pixels<T, 2>(row);
    case 3:
      return add_pixels<T, 3>(row);
    case 4:
      return add_pixels<T, 4>(row);
    default:
      return add_from<T>(row, samples, samples);
  }
}

// of: called with a zero of the type of the numbers
template <class Of>
void with_type(std::size_t bytes, const Of& of) {
  switch (bytes) {
    case 1:
      return of(std::uint8_t{});
    case 2:
      return of(std::uint16_t{});
    case 4:
      return of(std::uint32_t{});
    default:
      return of(std::uint64_t{});
  }
}

}  // namespace

void add_up(Row row, std::size_t bytes, std::size_t samples) {
  with_type(bytes, [&](auto zero) { add<decltype(zero)>(row, samples); });
}

void add_up_plainly(Row row, std::size_t bytes, std::size_t samples) {
  with_type(bytes, [&](auto zero) { add_from<decltype(zero)>(row, samples, samples); });
}

}  // namespace terrazzo::io
