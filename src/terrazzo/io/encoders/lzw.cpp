// LZW as TIFF 6.0 has it: codes from the highest bit on, one wider a code too early.

#include <array>
#include <cstdint>

#include "terrazzo/io/encoder.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint32_t clear_code = 256;
constexpr std::uint32_t end_code = 257;
constexpr std::uint32_t first_free = 258;
constexpr std::uint32_t last_code = 4094;  // then the table is begun anew
constexpr unsigned least_width = 9;
constexpr std::uint32_t slot_count = 8192;  // twice the codes

// Codes of words, each a shorter word and a byte, in a hash table with open addresses.
class Words {
 public:
  void clear() { slots_.fill(0); }

  // The place of the word, or the empty one where it would go.
  std::uint32_t& find(std::uint32_t prefix, std::uint8_t byte) {
    const std::uint32_t key = (prefix << 8U | byte) + 1;  // not 0
    std::uint32_t at = key * 2654435761U >> 19U;
    while (slots_[at] != 0 && slots_[at] >> 12U != key) at = (at + 1) % slot_count;
    key_ = key;
    return slots_[at];
  }
  static std::uint32_t code(std::uint32_t slot) { return slot & 0xfffU; }
  // Of the word that was looked for last.
  void put(std::uint32_t& slot, std::uint32_t code) const { slot = key_ << 12U | code; }

 private:
  std::array<std::uint32_t, slot_count>
      slots_{};  // key of 20 bits, code of 12; 0 is empty
  std::uint32_t key_ = 0;
};

class Bits {
 public:
  void put(std::uint32_t code, unsigned width) {
    held_ = held_ << width | code;
    count_ += width;
    for (; count_ >= 8; count_ -= 8)
      bytes_.push_back(static_cast<std::byte>(held_ >> (count_ - 8)));
  }
  std::vector<std::byte> taken() {
    if (count_ > 0) bytes_.push_back(static_cast<std::byte>(held_ << (8 - count_)));
    return std::move(bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

class Encoder {
 public:
  std::vector<std::byte> encode(std::span<const std::byte> samples) {
    bits_.put(clear_code, width_);
    if (!samples.empty()) {
      auto word = std::to_integer<std::uint32_t>(samples[0]);
      for (const std::byte sample : samples.subspan(1))
        word = longer(word, std::to_integer<std::uint8_t>(sample));
      bits_.put(word, width_);
      count_code();
    }
    bits_.put(end_code, width_);
    return bits_.taken();
  }

 private:
  // The word and one more byte, if it is known; else the word goes out.
  std::uint32_t longer(std::uint32_t word, std::uint8_t byte) {
    std::uint32_t& slot = words_.find(word, byte);
    if (slot != 0) return Words::code(slot);
    bits_.put(word, width_);
    words_.put(slot, next_);
    count_code();
    if (next_ > last_code) begin_anew();
    return byte;
  }

  void count_code() {
    ++next_;
    if (next_ >= 1U << width_ && width_ < 12) ++width_;
  }

  void begin_anew() {
    bits_.put(clear_code, width_);
    words_.clear();
    next_ = first_free;
    width_ = least_width;
  }

  Bits bits_;
  Words words_;
  std::uint32_t next_ = first_free;
  unsigned width_ = least_width;
};

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape&,
                              const Effort&) {
  return Encoder{}.encode(samples);
}

}  // namespace

extern const EncoderKind encoder_lzw;
const EncoderKind encoder_lzw{"LZW", 5, true, false, encode, nullptr};

}  // namespace terrazzo::io
