#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "terrazzo/base/context.hpp"

namespace terrazzo::maps {

// A picture that is planned: everything it depends on is looked up and checked, its
// pixels are not read yet. Not to be used after the Maps it came from.
class Picture {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  struct Drawn {
    Bytes bytes;
    bool complete = true;  // else the file is damaged there: not to be kept by anybody
  };
  using Make = std::function<Drawn(const Context&)>;

  Picture(std::string etag, std::string_view type, Make make)
      : etag_(std::move(etag)), type_(type), make_(std::move(make)) {}

  std::string_view type() const noexcept { return type_; }  // "image/png"

  // Quoted; from the identity of the files behind it and everything in the request that
  // changes it. A file that cannot be asked counts as another each minute.
  const std::string& etag() const noexcept { return etag_; }

  // From the cache or made. A tile that meets no data is the empty picture; damaged
  // blocks of a file are transparent, as far as its reader can leave them out.
  // Throws unavailable, corrupt_data, timeout, cancelled; invalid_input: an expression
  // that cannot be computed.
  Drawn drawn(const Context& context = {}) const { return make_(context); }
  Bytes bytes(const Context& context = {}) const { return drawn(context).bytes; }

 private:
  std::string etag_;
  std::string_view type_;  // of a kind, which lasts
  Make make_;
};

}  // namespace terrazzo::maps
