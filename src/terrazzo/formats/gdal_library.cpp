#include "terrazzo/formats/gdal_library.hpp"

#include <dlfcn.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::formats {
namespace {

constexpr const char* library_name = TERRAZZO_GDAL_LIBRARY;  // as the loader knows it

Error not_loaded(const char* reason) {
  Error error = failure(ErrorKind::unavailable,
                        "this needs GDAL, whose library '{}' cannot be loaded; install "
                        "it (Debian and Ubuntu: gdal-bin)",
                        library_name);
  error.note("the loader said: {}", reason == nullptr ? "nothing" : reason);
  return error;
}

// It stays loaded: datasets and threads of GDAL's may live until the end.
void* library() {
  void* opened = ::dlopen(library_name, RTLD_LAZY | RTLD_LOCAL);
  if (opened == nullptr) throw not_loaded(::dlerror());
  return opened;
}

void* address_of(void* library, const char* name) {
  void* address = ::dlsym(library, name);
  if (address == nullptr) throw not_loaded(::dlerror());
  return address;
}

}  // namespace

void load_gdal() {
  void* from = library();
#define TERRAZZO_FIND(name) name.found_at(address_of(from, #name));
  TERRAZZO_GDAL_FUNCTIONS(TERRAZZO_FIND)
#undef TERRAZZO_FIND
}

}  // namespace terrazzo::formats
