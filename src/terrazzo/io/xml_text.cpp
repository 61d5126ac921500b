#include "terrazzo/io/xml_text.hpp"

#include <array>
#include <utility>

namespace terrazzo::io {

std::optional<std::string> xml_text(std::string_view xml, std::string_view element) {
  constexpr std::array entities{std::pair{"&lt;", '<'}, std::pair{"&gt;", '>'},
                                std::pair{"&quot;", '"'}, std::pair{"&apos;", '\''},
                                std::pair{"&amp;", '&'}};
  const std::string open = '<' + std::string{element} + '>';
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  xml.remove_prefix(begin + open.size());
  const std::size_t end = xml.find("</" + std::string{element} + '>');
  if (end == std::string_view::npos) return std::nullopt;
  xml = xml.substr(0, end);

  std::string out;
  while (!xml.empty()) {
    char c = xml.front();
    std::size_t length = 1;
    for (const auto& [entity, meaning] : entities)
      if (xml.starts_with(entity)) {
        c = meaning;
        length = std::string_view{entity}.size();
      }
    out += c;
    xml.remove_prefix(length);
  }
  return out;
}

}  // namespace terrazzo::io
