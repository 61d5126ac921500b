// JPEG as TIFF's technical note 2 has it, on libjpeg's C interface. Its ways to decode
// are left as they are by default, as libtiff leaves them: so pixels are those of GDAL.
#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <string_view>

#include <jpeglib.h>

#include <jerror.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 1> numbers{7};
constexpr std::uint16_t ycbcr = 6;
constexpr int most_scans =
    100;  // of a progressive JPEG; each costs a walk over the block

// libjpeg reports through these. It is C: nothing may be thrown through it, so an error
// jumps back to Decoder::run.
struct Reports {
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf back{};
  bool many_scans = false;
  int code = 0;  // of the message
  std::array<char, JMSG_LENGTH_MAX> message{};
};

Reports& reports_of(j_common_ptr info) {
  return *static_cast<Reports*>(info->client_data);
}

[[noreturn]] void give_up(j_common_ptr info) {
  Reports& reports = reports_of(info);
  reports.code = info->err->msg_code;
  info->err->format_message(info, reports.message.data());
  std::longjmp(reports.back, 1);
}

// With a reason that libjpeg has no message for.
[[noreturn]] void give_up(j_common_ptr info, int code, std::string_view reason) {
  Reports& reports = reports_of(info);
  reports.code = code;
  reports.message.fill('\0');
  reason.copy(reports.message.data(), reports.message.size() - 1);
  std::longjmp(reports.back, 1);
}

// Whether pixels after this warning are made up.
bool loses_pixels(j_common_ptr info) {
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_NOT_SEQUENTIAL:
      return true;
    case JWRN_JPEG_EOF:  // of a single scan it may be just the end marker that is missing
      return reports_of(info).many_scans;
    default:
      return false;
  }
}

void heed(j_common_ptr info, int level) {
  if (level < 0 && loses_pixels(info)) give_up(info);
}

void say_nothing(j_common_ptr /*info*/) {}

void count_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > most_scans)
    give_up(info, JERR_SOF_UNSUPPORTED, "it has more than 100 scans");
}

bool is_unsupported(int code) {
  return code == JERR_SOF_UNSUPPORTED || code == JERR_BAD_PRECISION ||
         code == JERR_ARITH_NOTIMPL || code == JERR_NOT_COMPILED ||
         code == JERR_CCIR601_NOTIMPL || code == JERR_FRACT_SAMPLE_NOTIMPL;
}

class Decoder {
 public:
  explicit Decoder(const BlockShape& shape) : shape_(shape) {
    info_.err = jpeg_std_error(&reports_.errors);
    reports_.errors.error_exit = give_up;
    reports_.errors.emit_message = heed;
    reports_.errors.output_message = say_nothing;
    reports_.progress.progress_monitor = count_scans;
    info_.client_data = &reports_;
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  void decode(std::span<const std::byte> from, std::span<std::byte> to) {
    run([](Decoder& d) { d.create(); });
    if (!shape_.jpeg_tables.empty()) {
      from_ = shape_.jpeg_tables;
      run([](Decoder& d) { d.read_tables(); });
    }
    from_ = from;
    run([](Decoder& d) { d.read_header(); });
    check_header();
    to_ = to;
    run([](Decoder& d) { d.read_rows(); });
  }

 private:
  // Nothing in the works may need a destructor.
  void run(void (*work)(Decoder&)) {
    if (setjmp(reports_.back) != 0) fail();
    work(*this);
  }

  [[noreturn]] void fail() const {
    throw failure(
        is_unsupported(reports_.code) ? ErrorKind::unsupported : ErrorKind::corrupt_data,
        "a JPEG block cannot be decoded: {}", reports_.message.data());
  }

  void create() {
    jpeg_create_decompress(&info_);
    info_.progress = &reports_.progress;
  }

  j_common_ptr common() { return reinterpret_cast<j_common_ptr>(&info_); }

  void open() {
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(from_.data()),
                 static_cast<unsigned long>(from_.size()));
  }

  void read_tables() {
    open();
    if (jpeg_read_header(&info_, FALSE) != JPEG_HEADER_TABLES_ONLY)
      give_up(common(), JERR_BAD_STATE, "its tables hold a picture");
  }

  void read_header() {
    open();
    jpeg_read_header(&info_, TRUE);
    reports_.many_scans = jpeg_has_multiple_scans(&info_) != 0;
  }

  void check_header() const {
    const auto components = static_cast<std::size_t>(info_.num_components);
    if (components != shape_.samples)
      throw failure(ErrorKind::corrupt_data,
                    "a JPEG block has {} components; its pixels have {} samples",
                    components, shape_.samples);
    // More rows are fine if they can be left out: the last strip of some files.
    const bool too_tall = info_.image_height > shape_.rows && reports_.many_scans;
    if (info_.image_width != shape_.cols || info_.image_height < shape_.rows || too_tall)
      throw failure(ErrorKind::corrupt_data,
                    "a JPEG block has {} x {} pixels instead of {} x {}",
                    info_.image_height, info_.image_width, shape_.rows, shape_.cols);
  }

  void read_rows() {
    const bool to_rgb = shape_.photometric == ycbcr && shape_.samples == 3;
    info_.jpeg_color_space = to_rgb ? JCS_YCbCr : JCS_UNKNOWN;
    info_.out_color_space = to_rgb ? JCS_RGB : JCS_UNKNOWN;
    jpeg_start_decompress(&info_);
    const std::size_t row_bytes = shape_.row_bytes();
    std::size_t row = 0;
    while (row < shape_.rows) {
      auto* at = reinterpret_cast<JSAMPROW>(&to_[row * row_bytes]);
      row += jpeg_read_scanlines(&info_, &at, 1);
    }
  }

  const BlockShape& shape_;
  std::span<const std::byte> from_;
  std::span<std::byte> to_;
  jpeg_decompress_struct info_{};
  Reports reports_;
};

void decode(std::span<const std::byte> from, std::span<std::byte> to,
            const BlockShape& shape) {
  if (shape.bits != 8)
    throw failure(ErrorKind::unsupported,
                  "JPEG blocks of {} bits cannot be read; 8 bits can", shape.bits);
  Decoder(shape).decode(from, to);
}

}  // namespace

extern const CodecKind codec_jpeg;
const CodecKind codec_jpeg{"JPEG", numbers, true, false, decode};

}  // namespace terrazzo::io
