#include "terrazzo/catalog/sql_state.hpp"

namespace terrazzo::catalog {
namespace {

// A class of errors, or one of them; the first that fits counts.
struct Meaning {
  std::string_view state;  // or how it begins
  ErrorKind kind;
  std::string_view message;  // with {0} for the name of the database, {1} for seconds
};

constexpr std::string_view does_not_answer =
    "the server of the catalogue '{0}' does not answer";
constexpr std::string_view is_busy =
    "others write to the catalogue '{0}' at the same time; try again";

constexpr Meaning meanings[] = {
    {"40", ErrorKind::unavailable, is_busy},
    {"55P03", ErrorKind::unavailable, "the catalogue '{0}' is locked; waited {1} s"},
    {"57014", ErrorKind::timeout, "the catalogue '{0}' took too long"},
    {"57P", ErrorKind::unavailable, does_not_answer},
    {"08", ErrorKind::unavailable, does_not_answer},
    {"53", ErrorKind::unavailable,
     "the server of the catalogue '{0}' has too much to do"},
    {"58", ErrorKind::unavailable,
     "the server of the catalogue '{0}' cannot use its disk"},
    {"28", ErrorKind::denied,
     "the server of the catalogue '{0}' refuses the user or the password; give them in "
     "the URL or as sql_user and sql_password"},
    {"42501", ErrorKind::denied, "the user may not do this in the catalogue '{0}'"},
    {"25006", ErrorKind::denied, "the catalogue '{0}' is read-only"},
    {"3D000", ErrorKind::not_found, "there is no database '{0}' on its server"},
    {"23", ErrorKind::conflict, "the catalogue '{0}' refuses this record"},
    {"P0", ErrorKind::conflict, "the catalogue '{0}' refuses this record"},
    {"42P04", ErrorKind::conflict, "there is a database '{0}' already"},
    {"42P07", ErrorKind::conflict, "the database '{0}' has tables of such names already"},
    {"42P01", ErrorKind::unavailable,
     "the tables of the catalogue '{0}' were changed; it has to be opened again (restart "
     "the server)"},
    {"42703", ErrorKind::unavailable,
     "the tables of the catalogue '{0}' were changed; it has to be opened again (restart "
     "the server)"},
    {"22001", ErrorKind::too_large,
     "a value is longer than the columns of the catalogue '{0}'"},
    {"54", ErrorKind::too_large, "this is too large for the catalogue '{0}'"},
    {"XX001", ErrorKind::corrupt_data, "the catalogue '{0}' is damaged"},
    {"XX002", ErrorKind::corrupt_data, "the catalogue '{0}' is damaged"},
    {"", ErrorKind::internal, "the catalogue '{0}' cannot answer this"},
};

}  // namespace

ServerConnection::Trouble trouble_of(std::string_view state) {
  using enum ServerConnection::Trouble;
  if (state.starts_with("40")) return again;  // serialization failures, deadlocks
  if (state.starts_with("08") || state.starts_with("57P")) return lost;
  return none;
}

Error error_of_state(std::string_view state, const std::string& name,
                     int timeout_seconds) {
  const Meaning* meaning = meanings;
  while (!state.starts_with(meaning->state)) ++meaning;
  return failure(meaning->kind, "{}",
                 fmt::format(fmt::runtime(meaning->message), name, timeout_seconds));
}

}  // namespace terrazzo::catalog
