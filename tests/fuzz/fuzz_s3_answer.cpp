// Any bytes as what S3 answers: listings whose objects have a name, an ETag in quotes and
// a next page that is one, or an Error that blames the server.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/s3_answers.hpp"

using namespace terrazzo;
using namespace terrazzo::io;

namespace {

template <class Read>
void check(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt_data) std::abort();
  }
}

void check_etag(std::string_view etag) {
  if (!etag.starts_with('"') && !etag.starts_with("W/")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check([&] {
    for (const S3ListPage::Entry& entry : s3_list_page(text).entries) {
      if (entry.key.empty()) std::abort();
      check_etag(entry.etag);
    }
  });
  check([&] { check_etag(s3_result_etag(text)); });
  check([&] {
    if (s3_upload_id(text).empty()) std::abort();
  });
  const int status = size == 0 ? 0 : 200 + 4 * data[size - 1] % 400;
  const HttpAnswer answer{.status = status, .text = std::string{text}};
  (void)s3_error_code(answer);
  if (s3_failure(answer, {"bucket", "a/key"}, "written").kind() == ErrorKind::internal)
    std::abort();
  return 0;
}
