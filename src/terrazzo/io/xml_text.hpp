#pragma once
// The little that is wanted of the XML that S3 and its relatives answer.

#include <optional>
#include <string>
#include <string_view>

namespace terrazzo::io {

// The text of the first element of that name without attributes; the five entities of XML
// are undone. Empty: there is none.
std::optional<std::string> xml_text(std::string_view xml, std::string_view element);

}  // namespace terrazzo::io
