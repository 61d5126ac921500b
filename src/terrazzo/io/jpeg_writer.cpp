#include "terrazzo/io/jpeg_writer.hpp"

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>

#include <jpeglib.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

// libjpeg reports through it. It is C: nothing may be thrown through it, so an error
// jumps back to Writer::run.
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

void say_nothing(j_common_ptr /*info*/) {}

J_COLOR_SPACE space_of(JpegColors colors) {
  if (colors == JpegColors::grey) return JCS_GRAYSCALE;
  return colors == JpegColors::rgb ? JCS_RGB : JCS_UNKNOWN;
}

class Writer {
 public:
  Writer(const JpegShape& shape, std::span<const std::byte> pixels)
      : shape_(shape), pixels_(pixels) {
    info_.err = jpeg_std_error(&reports_.errors);
    reports_.errors.error_exit = give_up;
    reports_.errors.output_message = say_nothing;
    info_.client_data = &reports_;
  }
  ~Writer() {
    jpeg_destroy_compress(&info_);
    std::free(out_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // One of the writers below; what it wrote lasts as long as this.
  std::span<const std::byte> run(void (Writer::*work)()) {
    if (setjmp(reports_.back) != 0)
      throw failure(ErrorKind::internal, "a JPEG cannot be written: {}",
                    reports_.message.data());
    (this->*work)();
    return {reinterpret_cast<const std::byte*>(out_), size_};
  }

  // Nothing in these may need a destructor.

  void write_file() {
    set_up();
    jpeg_start_compress(&info_, TRUE);
    write_pixels();
  }

  void write_block() {
    set_up();
    leave_headers_out();
    info_.optimize_coding = TRUE;
    for (JQUANT_TBL* table : info_.quant_tbl_ptrs)
      if (table != nullptr) table->sent_table = TRUE;
    jpeg_start_compress(&info_, FALSE);
    write_pixels();
  }

  void write_tables() {
    set_up();
    leave_headers_out();
    for (int i = 0; i < NUM_HUFF_TBLS; ++i) {
      if (info_.dc_huff_tbl_ptrs[i] != nullptr)
        info_.dc_huff_tbl_ptrs[i]->sent_table = TRUE;
      if (info_.ac_huff_tbl_ptrs[i] != nullptr)
        info_.ac_huff_tbl_ptrs[i]->sent_table = TRUE;
    }
    if (shape_.colors != JpegColors::rgb && info_.quant_tbl_ptrs[1] != nullptr)
      info_.quant_tbl_ptrs[1]->sent_table = TRUE;
    jpeg_write_tables(&info_);
  }

 private:
  void set_up() {
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &out_, &size_);
    info_.image_width = static_cast<JDIMENSION>(shape_.cols);
    info_.image_height = static_cast<JDIMENSION>(shape_.rows);
    info_.input_components = static_cast<int>(shape_.samples);
    info_.in_color_space = space_of(shape_.colors);
    jpeg_set_defaults(&info_);  // stores RGB as YCbCr 4:2:0
    jpeg_set_quality(&info_, shape_.quality, TRUE);
  }

  void leave_headers_out() {
    info_.write_JFIF_header = FALSE;
    info_.write_Adobe_marker = FALSE;
  }

  void write_pixels() {
    const std::size_t row_bytes = shape_.cols * shape_.samples;
    while (info_.next_scanline < info_.image_height) {
      // libjpeg only reads the row.
      auto* row = reinterpret_cast<JSAMPROW>(
          const_cast<std::byte*>(&pixels_[info_.next_scanline * row_bytes]));
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
  }

  const JpegShape& shape_;
  std::span<const std::byte> pixels_;
  jpeg_compress_struct info_{};
  Reports reports_{};
  unsigned char* out_ = nullptr;
  unsigned long size_ = 0;
};

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string jpeg_file(const JpegShape& shape, std::span<const std::uint8_t> pixels) {
  Writer writer{shape, std::as_bytes(pixels)};
  const auto bytes = writer.run(&Writer::write_file);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::byte> jpeg_block(const JpegShape& shape,
                                  std::span<const std::byte> pixels) {
  Writer writer{shape, pixels};
  return copy_of(writer.run(&Writer::write_block));
}

std::vector<std::byte> jpeg_tables(const JpegShape& shape) {
  Writer writer{shape, {}};
  return copy_of(writer.run(&Writer::write_tables));
}

}  // namespace terrazzo::io
