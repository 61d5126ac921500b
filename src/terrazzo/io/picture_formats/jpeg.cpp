// On libjpeg's C interface. JPEG has no transparency: what shows through is black.
#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>

#include <jpeglib.h>

#include "terrazzo/io/picture_format.hpp"

namespace terrazzo::io {
namespace {

// libjpeg reports through it. It is C: nothing may be thrown through it, so an error
// jumps back to Writer::write.
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

struct Pixels {
  std::size_t rows = 0;
  std::size_t cols = 0;
  int samples = 1;  // 1 grey, 3 red, green, blue
  Bytes bytes{};
};

class Writer {
 public:
  explicit Writer(const Pixels& pixels) : pixels_(pixels) {
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

  std::string write(int quality) {
    if (setjmp(reports_.back) != 0)
      throw failure(ErrorKind::internal, "a JPEG cannot be written: {}",
                    reports_.message.data());
    run(quality);
    return {reinterpret_cast<const char*>(out_), size_};
  }

 private:
  // Nothing in it may need a destructor.
  void run(int quality) {
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &out_, &size_);
    info_.image_width = static_cast<JDIMENSION>(pixels_.cols);
    info_.image_height = static_cast<JDIMENSION>(pixels_.rows);
    info_.input_components = pixels_.samples;
    info_.in_color_space = pixels_.samples == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    const std::size_t row_bytes =
        pixels_.cols * static_cast<std::size_t>(pixels_.samples);
    while (info_.next_scanline < info_.image_height) {
      auto* row = const_cast<JSAMPROW>(&pixels_.bytes[info_.next_scanline * row_bytes]);
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
  }

  const Pixels& pixels_;
  jpeg_compress_struct info_{};
  Reports reports_;
  unsigned char* out_ = nullptr;
  unsigned long size_ = 0;
};

// Over black.
Bytes rgb_of(const Drawing& drawing) {
  const Bytes rgba = rgba_of(drawing);
  Bytes rgb(rgba.size() / 4 * 3);
  for (std::size_t i = 0; i < rgba.size() / 4; ++i)
    for (std::size_t band = 0; band < 3; ++band)
      rgb[3 * i + band] =
          static_cast<std::uint8_t>((rgba[4 * i + band] * rgba[4 * i + 3] + 127) / 255);
  return rgb;
}

std::string draw(const Drawing& drawing, const EncodeOptions& options) {
  check_sides("JPEG", drawing.rows, drawing.cols, JPEG_MAX_DIMENSION);
  check_planes(drawing);
  const bool is_grey = drawing.planes.size() == 1 && drawing.palette.empty();
  const Pixels pixels{drawing.rows, drawing.cols, is_grey ? 1 : 3,
                      is_grey ? drawing.planes[0] : rgb_of(drawing)};
  return Writer(pixels).write(options.quality);
}

}  // namespace

extern const PictureFormat picture_format_jpeg;
const PictureFormat picture_format_jpeg{.name = "jpeg",
                                        .aliases = {},
                                        .type = "image/jpeg",
                                        .summary = "JPEG; black where there is no data.",
                                        .draw = draw};

}  // namespace terrazzo::io
