// Any text as a YAML file: values whose every one has a line, or an Error that blames the
// text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "terrazzo/base/yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace terrazzo;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    const auto document = yaml_document(text, "fuzz.yaml");
    if (!document.value.is_null() && document.line_of("") == 0) std::abort();
    (void)document.value.dump(-1, ' ', false, Json::error_handler_t::replace);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_input) std::abort();
  }
  return 0;
}
