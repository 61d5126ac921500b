// JPEG as TIFF's technical note 2 has it, as GDAL writes it: colours as YCbCr 4:2:0,
// quantization tables in tag 347, Huffman tables made for each block.
#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>

#include <jpeglib.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/encoder.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint16_t ycbcr = 6;
constexpr std::size_t most_samples = 4;

// libjpeg is C: nothing may be thrown through it, so an error jumps back.
struct Reports {
  jpeg_error_mgr errors{};
  std::jmp_buf back{};
  std::array<char, JMSG_LENGTH_MAX> message{};
};

[[noreturn]] void give_up(j_common_ptr info) {
  auto& reports = *static_cast<Reports*>(info->client_data);
  info->err->format_message(info, reports.message.data());
  std::longjmp(reports.back, 1);
}

class Encoder {
 public:
  Encoder(const BlockShape& shape, int quality) : shape_(shape), quality_(quality) {
    info_.err = jpeg_std_error(&reports_.errors);
    reports_.errors.error_exit = give_up;
    info_.client_data = &reports_;
  }
  ~Encoder() {
    jpeg_destroy_compress(&info_);
    std::free(out_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  std::vector<std::byte> tables() {
    run([](Encoder& e) { e.write_tables(); });
    return taken();
  }

  std::vector<std::byte> block(std::span<const std::byte> samples) {
    samples_ = samples;
    run([](Encoder& e) { e.write_block(); });
    return taken();
  }

 private:
  // Nothing in the works may need a destructor.
  void run(void (*work)(Encoder&)) {
    if (setjmp(reports_.back) != 0)
      throw failure(ErrorKind::internal, "a JPEG block cannot be made: {}",
                    reports_.message.data());
    work(*this);
  }

  void set_up() {
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &out_, &size_);
    const bool colors = shape_.photometric == ycbcr;
    info_.image_width = static_cast<JDIMENSION>(shape_.cols);
    info_.image_height = static_cast<JDIMENSION>(shape_.rows);
    info_.input_components = static_cast<int>(shape_.samples);
    info_.in_color_space = colors ? JCS_RGB : JCS_UNKNOWN;
    jpeg_set_defaults(&info_);
    jpeg_set_colorspace(&info_, colors ? JCS_YCbCr : JCS_UNKNOWN);
    jpeg_set_quality(&info_, quality_, TRUE);
    info_.write_JFIF_header = FALSE;
    info_.write_Adobe_marker = FALSE;
  }

  // Only quantization tables go out.
  void write_tables() {
    set_up();
    for (int i = 0; i < NUM_HUFF_TBLS; ++i) {
      if (info_.dc_huff_tbl_ptrs[i] != nullptr)
        info_.dc_huff_tbl_ptrs[i]->sent_table = TRUE;
      if (info_.ac_huff_tbl_ptrs[i] != nullptr)
        info_.ac_huff_tbl_ptrs[i]->sent_table = TRUE;
    }
    if (shape_.photometric != ycbcr && info_.quant_tbl_ptrs[1] != nullptr)
      info_.quant_tbl_ptrs[1]->sent_table = TRUE;
    jpeg_write_tables(&info_);
  }

  void write_block() {
    set_up();
    info_.optimize_coding = TRUE;
    for (JQUANT_TBL* table : info_.quant_tbl_ptrs)
      if (table != nullptr) table->sent_table = TRUE;
    jpeg_start_compress(&info_, FALSE);
    const std::size_t row_bytes = shape_.row_bytes();
    while (info_.next_scanline < info_.image_height) {
      // libjpeg only reads the row.
      auto* row = reinterpret_cast<JSAMPROW>(
          const_cast<std::byte*>(&samples_[info_.next_scanline * row_bytes]));
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
  }

  std::vector<std::byte> taken() const {
    const auto* first = reinterpret_cast<const std::byte*>(out_);
    return {first, first + size_};
  }

  const BlockShape& shape_;
  int quality_;
  std::span<const std::byte> samples_{};
  jpeg_compress_struct info_{};
  Reports reports_{};
  unsigned char* out_ = nullptr;
  unsigned long size_ = 0;
};

void check(const BlockShape& shape) {
  if (shape.bits != 8 || shape.format != SampleFormat::unsigned_integer ||
      shape.samples > most_samples)
    throw failure(ErrorKind::unsupported,
                  "JPEG holds 1 to {} bands of unsigned bytes; these are {} of {} bits",
                  most_samples, shape.samples, shape.bits);
}

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape& shape,
                              const Effort& effort) {
  check(shape);
  return Encoder(shape, effort.quality).block(samples);
}

std::vector<std::byte> tables(const BlockShape& shape, const Effort& effort) {
  check(shape);
  return Encoder(shape, effort.quality).tables();
}

}  // namespace

extern const EncoderKind encoder_jpeg;
const EncoderKind encoder_jpeg{"JPEG", 7, false, true, encode, tables};

}  // namespace terrazzo::io
