#include <utility>

#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '_' || c == '.';
}

// Nothing but blanks between two operands: a plus of a URL arrives as a blank.
bool may_have_lost_plus(std::string_view text) {
  for (auto at = text.find(' '); at != text.npos;) {
    const auto next = text.find_first_not_of(' ', at);
    if (next == text.npos) return false;
    const auto blank = std::exchange(at, text.find(' ', next));
    if (blank == 0) continue;
    const char before = text[blank - 1];
    const bool is_after_operand = is_word_part(before) || before == ')';
    if (is_after_operand && (is_word_part(text[next]) || text[next] == '(')) return true;
  }
  return false;
}

Response drawn(const Call& call, const maps::ComputeRequest& request) {
  try {
    return picture_answer(call, call.site.maps.compute(request, call.context));
  } catch (const Error& e) {
    const std::string& text = request.expression;
    const bool is_call = text.find(") (") != text.npos;  // as Python reads it
    const bool is_suspect = is_call || e.message().ends_with("is not a valid expression");
    if (e.kind() != ErrorKind::invalid_input || !is_suspect || !may_have_lost_plus(text))
      throw;
    throw invalid("{}; write + as %2B in a URL", e.message());
  }
}

Response answer_compute(const Call& call) {
  auto query = query_of<ComputeQuery>(call);
  auto request = picture_request<maps::ComputeRequest>(call, query.tile_size);
  request.expression = std::move(query.expression);
  for (std::size_t i = 0; i < query.operands.size(); ++i)
    if (query.operands[i])
      request.operands[fmt::format("v{}", i + 1)] = *query.operands[i];
  request.stretch = query.stretch_range;
  request.colormap = std::move(query.colormap);
  return drawn(call, request);
}

Json describe_compute(const maps::Maps& maps) {
  return operation_of<ComputeQuery>(maps, picture_responses());
}

constexpr Endpoint endpoints[] = {
    {"GET", "/compute/{keys:path}/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word}",
     "Tile of an expression over datasets.", answer_compute, describe_compute},
    {"GET", "/compute/{keys:path}/preview.{format:word}",
     "Picture of an expression over whole datasets.", answer_compute, describe_compute},
    {"GET", "/compute/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word}",
     "Tile of an expression where one key is all there is.", answer_compute,
     describe_compute},
    {"GET", "/compute/preview.{format:word}",
     "Picture of an expression where one key is all there is.", answer_compute,
     describe_compute},
};

}  // namespace

extern const RouteKind route_compute;
const RouteKind route_compute{"compute", "Pictures of what is computed from datasets.",
                              Cors::tiles, endpoints};

}  // namespace terrazzo::http
