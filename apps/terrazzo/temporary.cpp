#include "temporary.hpp"

#include <cstdlib>
#include <string>

#include "terrazzo/base/error.hpp"

namespace terrazzo::app {

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string name =
      (std::filesystem::temp_directory_path(error) / "terrazzo-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    throw failure(ErrorKind::denied, "no temporary folder can be made; set TMPDIR");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace terrazzo::app
