#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "terrazzo/io/remote_source.hpp"

namespace terrazzo::io {

bool is_web(std::string_view uri);  // http:// or https://, in any case

// What a http:// or https:// URL names. User and password in it are sent as HTTP's basic
// authentication. Blanks and bytes beyond ASCII are escaped; escapes stay as they are.
// Throws invalid_input: it names no server.
std::unique_ptr<const RemoteFile> web_file(const std::string& url);

}  // namespace terrazzo::io
